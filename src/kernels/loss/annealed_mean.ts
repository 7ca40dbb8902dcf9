import source from '../../../shaders/loss/annealed_mean.wgsl';
import { defineKernel } from '../core/define.ts';

/**
 * The annealed mean (Zhang, Isola and Efros 2016, section 2.3): `y` [pixels, 2] is the mean of the classes' colors under
 * the softmax of `logits` [pixels, side²] times `sharpness`, 1 / temperature. 1 gives the mean, larger ones come nearer
 * to the likeliest class. Classes are bins of chroma, see `BINS`.
 */
export const annealedMean = defineKernel({
  name: 'annealed_mean',
  source,
  buffers: {
    logits: { access: 'read', length: ({ pixels, side }) => pixels * side * side },
    y: { access: 'read_write', length: ({ pixels }) => 2 * pixels },
  },
  params: { pixels: 'u32', side: 'u32', bins_per_unit: 'f32', sharpness: 'f32' },
  constants: { WORKGROUP: 64 },
  variants: {},
  threads: ({ pixels }) => pixels,
});
