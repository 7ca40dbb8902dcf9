/** Output of programs and compilers: marks of the former, kernels of the latter between them. */
import type { Analysis } from './code/analysis.ts';

/** Figures of one compiled kernel; what its compiler does not tell is absent. */
export interface Kernel {
  readonly label: string;
  /** Why there are no figures. */
  readonly error?: string;
  /** Lanes. */
  readonly subgroup?: number;
  /** Of 32 bits, a lane. */
  readonly registers?: number | undefined;
  /** Bytes of workgroup memory. */
  readonly local?: number | undefined;
  /** Subgroups that fit on a SIMD or scheduler at once. */
  readonly waves?: number | undefined;
  readonly instructions?: number | undefined;
  /** The compiler's own, of time: RADV's latency / inverse throughput, ANV's cycles. */
  readonly guess?: string;
  /** Instructions that store what is not in registers, and that load it. */
  readonly spills?: number | undefined;
  readonly fills?: number | undefined;
  /** Its disassembly. */
  readonly code?: readonly string[];
  readonly loop?: Analysis['loop'] | undefined;
}

/** What comes behind '##WORD ' on lines of a program's output. */
export const marks = (text: string, word: string): string[] =>
  [...text.matchAll(new RegExp(`^##${word} (.*)$`, 'gm'))].map(([, rest]) => rest!);

/** The lines of a program's output that are between marks 'BEGIN label' and 'END', with their label. */
export function* within(text: string): Generator<readonly [line: string, label: string]> {
  let label: string | undefined;
  for (const line of text.split('\n')) {
    const [, word, rest] = /^##(\w+) ?(.*)$/.exec(line) ?? [];
    if (word) label = word === 'BEGIN' ? rest : undefined;
    else if (label) yield [line, label];
  }
}
