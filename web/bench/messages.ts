/** Messages between the page of the benchmark and its worker. */
import type { Ceilings } from '../../bench/ceilings.ts';
import type { Measurement } from '../../bench/measure.ts';
import type { Group } from '../../bench/options.ts';

/** What is to be measured. */
export interface Request {
  readonly groups: readonly Group[];
  readonly quick: boolean;
  readonly full: boolean;
  /** Images in each convolution. */
  readonly batch: number;
  readonly tune: boolean;
  /** Words that must all occur in a workload's name or its table's title. */
  readonly filter: string;
}

/** An outcome as it stands in the JSON file. */
export type Row = Measurement & { readonly section: string };

export type Message =
  | { readonly kind: 'doing'; readonly what: string }
  | { readonly kind: 'facts'; readonly facts: Readonly<Record<string, string>>; readonly ceilings: Ceilings }
  | { readonly kind: 'section'; readonly title: string; readonly workloads: readonly string[] }
  | { readonly kind: 'row'; readonly row: Row }
  | { readonly kind: 'done' }
  | { readonly kind: 'failed'; readonly message: string };
