/** The optimisation passes, in the order in which they run. What no output needs is dropped by every one of them. */
import type { Pass } from '../rewrite.ts';
import { fuseConv2d } from './fuse_conv2d.ts';
import { shareCommon } from './share_common.ts';

export const passes = { shareCommon, fuseConv2d } as const satisfies Record<string, Pass>;
export type PassName = keyof typeof passes;
