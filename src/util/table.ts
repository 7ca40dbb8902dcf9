/** Tables of text: cells in columns, two spaces apart. */
import { printable } from './printable.ts';

/** How a column is laid out. */
export interface Column {
  /** Characters, at least; default none. */
  readonly width?: number;
  /** Default left. */
  readonly align?: 'left' | 'right';
}

const GAP = '  ';
/** Lists are broken where they would be longer. */
const LONGEST_LINE = 110;

/** One line, for tables that are printed row by row. Cells that are wider than their column move the others. */
export function tableLine(cells: readonly string[], columns: readonly Column[]): string {
  const padded = cells.map((cell, i) => {
    const { width = 0, align = 'left' } = columns[i] ?? {};
    return align === 'left' ? printable(cell).padEnd(width) : printable(cell).padStart(width);
  });
  return padded.join(GAP).trimEnd();
}

/** All lines, in columns as wide as their widest cell, behind `indent` spaces. */
export function table(rows: readonly (readonly string[])[], columns: readonly Column[] = [], indent = 0): string {
  const count = Math.max(0, ...rows.map((row) => row.length));
  const wide = Array.from({ length: count }, (_, i) => ({
    ...columns[i],
    width: Math.max(columns[i]?.width ?? 0, ...rows.map((row) => printable(row[i] ?? '').length)),
  }));
  return rows.map((row) => `${`${' '.repeat(indent)}${tableLine(row, wide)}`.trimEnd()}\n`).join('');
}

/** Rows of a label and what it is, indented; long lists are broken at their commas. */
export function labelTable(rows: readonly (readonly [label: string, value: string])[]): string {
  const indent = 2;
  const label = Math.max(0, ...rows.map(([label]) => printable(label).length));
  const room = LONGEST_LINE - indent - label - GAP.length;
  const lines = rows.flatMap(([label, value]) =>
    broken(printable(value), room).map((line, i) => [i === 0 ? label : '', line]),
  );
  return table(lines, [], indent);
}

/** A list in lines of at most `room` characters, broken at its commas. */
function broken(list: string, room: number): string[] {
  const lines = [''];
  for (const word of list.split(/(?<=, )/)) {
    if (lines.at(-1) && lines.at(-1)!.length + word.length > room) lines.push('');
    lines[lines.length - 1] += word;
  }
  return lines;
}
