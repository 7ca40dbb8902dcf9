/**
 * The optimization passes, in the order in which they run. What no output needs is dropped by every one of them.
 * All of them serve every graph: what a pass does not find, it leaves alone.
 */
import type { Pass } from '../rewrite.ts';
import { concatInPlace } from './concat_in_place.ts';
import { foldAffine } from './fold_affine.ts';
import { foldConstants } from './fold_constants.ts';
import { foldPad } from './fold_pad.ts';
import { fuseConv2d } from './fuse_conv2d.ts';
import { mergeSiblings } from './merge_siblings.ts';
import { readRanges } from './read_ranges.ts';
import { shareCommon } from './share_common.ts';
import { sinkTransposes } from './sink_transposes.ts';
import { upsampleConv2d } from './upsample_conv2d.ts';

export const passes = {
  shareCommon,
  sinkTransposes,
  foldPad,
  foldAffine,
  fuseConv2d,
  upsampleConv2d,
  mergeSiblings,
  concatInPlace,
  readRanges,
  foldConstants,
} as const satisfies Record<string, Pass>;
export type PassName = keyof typeof passes;
