/** Ways in which direct convolutions add products of matrices, and which a device gets. They differ in rounding. */
import sums_ordered from '../../../../shaders/lib/conv/direct/sums_ordered.wgsl';
import sums_whole from '../../../../shaders/lib/conv/direct/sums_whole.wgsl';
import type { DeviceTraits } from '../../core/emit.ts';

export const SUMS = { whole: sums_whole, ordered: sums_ordered } as const;

/** Term by term on GPUs, which fuse a product and a sum; what software drivers compute stays as it was, to the bit. */
export const sumsFor = ({ software }: DeviceTraits): keyof typeof SUMS => (software ? 'whole' : 'ordered');
