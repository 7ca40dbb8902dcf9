import source from '../../../../shaders/conv/winograd/winograd_multiply_subgroup.wgsl';
import add_outer from '../../../../shaders/lib/conv/direct/add_outer.wgsl';
import outer from '../../../../shaders/lib/conv/direct/outer.wgsl';
import { defineKernel } from '../../core/define.ts';
import { MULTIPLY_BUFFERS, MULTIPLY_PARAMS, MULTIPLY_VARIANTS } from './winograd_multiply.ts';

/** `winograd_multiply` for subgroups of 8 lanes; 4 rows x 32 columns per thread. */
export const winogradMultiplySubgroup = defineKernel({
  name: 'winograd_multiply_subgroup',
  source,
  library: { add_outer, outer },
  buffers: MULTIPLY_BUFFERS,
  params: MULTIPLY_PARAMS,
  constants: { WORKGROUP: 8 },
  variants: MULTIPLY_VARIANTS,
  workgroups: (p) => [Math.ceil(p.rows / 32), Math.ceil(p.columns / 32), p.products * p.splits],
});
