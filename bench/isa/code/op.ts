/** Instructions of disassembled kernels, as the analysis reads them; how each maker writes them is in files of their own. */

export type Maker = 'AMD' | 'Intel' | 'NVIDIA';

/** One line of code. */
export interface Op {
  readonly text: string;
  /** Where it stands in the disassembly, from 1. */
  readonly line: number;
  /** What it does: two for AMD's dual instructions, none for a label. */
  readonly kinds: readonly string[];
  /** Its own. */
  readonly label?: string | undefined;
  /** The label it jumps to. */
  readonly target?: string | undefined;
  /** For a load from memory: what tells that its result is there. */
  readonly loaded?: readonly string[] | undefined;
  /** Of Intel's messages: nothing else can have it before the message is answered. */
  readonly token?: string | undefined;
}

/** What the analysis has to know of a maker's machine code. */
export interface Isa {
  decode(lines: readonly string[]): Op[];
  /** Whether `op` has to wait for `load`, `later` loads after it. */
  needs(load: Op, op: Op, later: number): boolean;
  /** Turns of a loop, where they are a constant in its code. */
  turns(ops: readonly Op[]): number | undefined;
}

/** Patterns of instructions, by what they do; the first that matches counts. */
export type Kinds = readonly (readonly [kind: string, pattern: RegExp])[];

export const kindOf = (kinds: Kinds, text: string): string =>
  kinds.find(([, pattern]) => pattern.test(text))?.[0] ?? 'other';
