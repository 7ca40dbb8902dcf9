/** Tables of figures, in Markdown. */
import type { Counts } from './code/analysis.ts';
import type { Kernel } from './output.ts';

const COLUMNS = 'kernel,lanes,regs,spills,LDS,waves,instr,madd,step,share,core,prefetch,guess,note'.split(',');

type Cell = string | number | undefined;

/** Kernels by row, without the columns that say nothing. */
export function kernelTable(kernels: readonly Kernel[]): string {
  const rows = kernels.map(rowOf);
  return table(
    rows,
    COLUMNS.filter((column) => rows.some((row) => row[column] !== undefined)),
  );
}

const percent = ({ work, all }: Counts): string => `${Math.round((100 * work) / all)}%`;

function rowOf({
  label,
  error,
  subgroup,
  registers,
  spills,
  fills,
  local,
  waves,
  instructions,
  guess,
  loop,
}: Kernel): Record<string, Cell> {
  if (error) return { kernel: label, note: error };
  const doubt = loop?.sure ? '' : '?';
  return {
    kernel: label,
    lanes: subgroup,
    regs: registers,
    spills: `${spills}:${fills}`,
    LDS: local,
    waves,
    instr: instructions,
    madd: loop && `${loop.step.work}${doubt}`,
    step: loop && `${loop.step.all}${doubt}`,
    share: loop && `${percent(loop.step)}${doubt}`,
    core: loop && percent(loop.core),
    prefetch: loop?.prefetch && [...new Set(loop.prefetch)].join('..'),
    guess,
  };
}

/** Rows under their columns' names; the first column is text. */
export function table(rows: readonly Readonly<Record<string, Cell>>[], columns: readonly string[]): string {
  const cells = [columns, ...rows.map((row) => columns.map((column) => String(row[column] ?? '')))];
  const widths = columns.map((_, i) => Math.max(...cells.map((row) => row[i]!.length)));
  const line = (row: readonly string[]) =>
    `| ${row.map((cell, i) => (i ? cell.padStart(widths[i]!) : cell.padEnd(widths[i]!))).join(' | ')} |`;
  const rule = `|${widths.map((width, i) => (i ? `${'-'.repeat(width + 1)}:` : `:${'-'.repeat(width + 1)}`)).join('|')}|`;
  return [line(cells[0]!), rule, ...cells.slice(1).map(line)].join('\n');
}
