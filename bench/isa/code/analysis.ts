/**
 * Analysis of a disassembled kernel: what a step of its main loop consists of. It counts instructions in the order they
 * stand in; it knows no latencies, and nothing of what a GPU does with them.
 *
 * The step is one turn of the outermost loop that has the most multiply-adds, the core the innermost loop in it that has
 * 60 % of them or more. Loops inside a step count as often as they turn, where that is a constant in the code.
 */
import { amd } from './amd.ts';
import { intel } from './intel.ts';
import { nvidia } from './nvidia.ts';
import type { Isa, Maker, Op } from './op.ts';

/** Instructions; `all` takes an issue slot, `work` are the multiply-adds, a matrix instruction as one; others by kind. */
export type Counts = Record<string, number> & { work: number; all: number };

export interface Analysis {
  readonly instructions: number;
  /** Instructions that store what is not in registers, and that load it. */
  readonly spills: number;
  readonly fills: number;
  /** Absent in a kernel without multiply-adds in a loop. */
  readonly loop?: Loop;
}

export interface Loop {
  readonly step: Counts;
  readonly core: Counts;
  /** Whether how often the loops with multiply-adds turn is known. */
  readonly sure: boolean;
  /** Multiply-adds between a load from memory and the first instruction that waits for it, least and most over the loads. */
  readonly prefetch: readonly [least: number, most: number] | undefined;
  /** The step's lines in the disassembly, from 1. */
  readonly lines: readonly [first: number, last: number];
}

/** From one line of code to another, both of which belong to it. */
interface Range {
  readonly from: number;
  readonly to: number;
}

const ISAS: Readonly<Record<Maker, Isa>> = { AMD: amd, Intel: intel, NVIDIA: nvidia };

/**
 * Says what a kernel consists of.
 *
 * @param lines its disassembly
 * @param work multiply-adds of a step, where another compiler has told: then the core turns as often as it must
 */
export function analyze(maker: Maker, lines: readonly string[], work?: number): Analysis {
  const isa = ISAS[maker];
  const ops = isa.decode(lines);
  const whole = count(ops, { from: 0, to: ops.length - 1 }, () => 1);
  const found = { instructions: whole.all, spills: whole.spill ?? 0, fills: whole.fill ?? 0 };

  const loops = loopsOf(ops).map((range) => ({ ...range, work: count(ops, range, () => 1).work }));
  const [main] = loops.sort((a, b) => b.work - a.work || length(b) - length(a));
  if (!main?.work) return found;
  const inner = loops
    .filter((loop) => loop !== main && inside(main, loop.from) && inside(main, loop.to))
    .map((loop) => ({ ...loop, turns: isa.turns(ops.slice(loop.from, loop.to + 1)) }));
  const [core] = inner.filter((loop) => loop.work >= 0.6 * main.work).sort((a, b) => length(a) - length(b));
  if (core && !core.turns && work) {
    const turns = (work - (main.work - core.work)) / core.work;
    if (turns >= 1 && Number.isInteger(turns)) core.turns = turns;
  }
  const times = (i: number) => inner.filter((loop) => inside(loop, i)).reduce((n, { turns }) => n * (turns ?? 1), 1);
  const step = count(ops, main, times);
  return {
    ...found,
    loop: {
      step,
      core: count(ops, core ?? main, () => 1),
      sure: inner.every((loop) => !loop.work || loop.turns),
      prefetch: prefetch(isa, ops, main, times, step.work),
      lines: [ops[main.from]!.line, ops[main.to]!.line],
    },
  };
}

const length = ({ from, to }: Range): number => to - from;
const inside = (range: Range, i: number): boolean => i >= range.from && i <= range.to;

/** Loops, from a label to the last jump back to it. */
function loopsOf(ops: readonly Op[]): Range[] {
  const at = new Map(ops.flatMap(({ label }, i) => (label ? [[label, i] as const] : [])));
  const ends = new Map<number, number>();
  ops.forEach(({ target }, i) => {
    const start = target === undefined ? undefined : at.get(target);
    if (start !== undefined && start <= i) ends.set(start, i);
  });
  return [...ends].map(([from, to]) => ({ from, to }));
}

const workOf = ({ kinds }: Op): number => kinds.filter((kind) => kind === 'fma' || kind === 'matrix').length;

/** Counts by kind, each line `times(i)` times. */
function count(ops: readonly Op[], { from, to }: Range, times: (i: number) => number): Counts {
  const counts: Counts = { work: 0, all: 0 };
  for (let i = from; i <= to; i++) {
    const op = ops[i]!;
    for (const kind of op.kinds) counts[kind] = (counts[kind] ?? 0) + times(i);
    counts.work += workOf(op) * times(i);
    if (op.kinds.length && op.kinds[0] !== 'free') counts.all += times(i);
  }
  return counts;
}

function prefetch(
  isa: Isa,
  ops: readonly Op[],
  main: Range,
  times: (i: number) => number,
  most: number,
): readonly [number, number] | undefined {
  const between: number[] = [];
  for (let i = main.from; i <= main.to; i++) {
    if (!ops[i]!.loaded) continue;
    let later = 0;
    let work = 0;
    // To the end of the step, and on from its beginning.
    for (let n = 1; n <= main.to - main.from; n++) {
      const j = i + n <= main.to ? i + n : i + n - main.to - 1 + main.from;
      if (isa.needs(ops[i]!, ops[j]!, later)) break;
      if (ops[j]!.loaded) later++;
      work += workOf(ops[j]!) * times(j);
    }
    between.push(Math.min(work, most));
  }
  return between.length ? [Math.min(...between), Math.max(...between)] : undefined;
}
