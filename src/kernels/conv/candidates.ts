/** Candidates for everything that the tuner may measure. */
import type { Algorithms } from './algorithm.ts';
import { algorithms } from './index.ts';
import type { AnyDirection } from './task.ts';
import { upsampleAlgorithms } from './upsample/index.ts';

export const candidates: Algorithms<AnyDirection> = { ...algorithms, ...upsampleAlgorithms };
