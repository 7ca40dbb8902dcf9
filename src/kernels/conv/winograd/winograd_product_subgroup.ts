import source from '../../../../shaders/conv/winograd/winograd_product_subgroup.wgsl';
import add_outer from '../../../../shaders/lib/conv/direct/add_outer.wgsl';
import outer from '../../../../shaders/lib/conv/direct/outer.wgsl';
import channels_4 from '../../../../shaders/lib/conv/winograd/channels_4.wgsl';
import square_queue from '../../../../shaders/lib/conv/winograd/square_queue.wgsl';
import tile_unit from '../../../../shaders/lib/conv/winograd/tile_unit.wgsl';
import write_tile from '../../../../shaders/lib/conv/winograd/write_tile.wgsl';
import { defineKernel } from '../../core/define.ts';
import { OUTPUT_BUFFERS, OUTPUT_PARAMS, OUTPUT_VARIANTS } from './winograd_output.ts';

const { bias, residual, m, y } = OUTPUT_BUFFERS;

/** `winograd_multiply_subgroup` and `winograd_output` in one; 4 tiles x 32 channels per thread. */
export const winogradProductSubgroup = defineKernel({
  name: 'winograd_product_subgroup',
  source,
  library: { add_outer, channels_4, outer, square_queue, tile_unit, write_tile },
  buffers: {
    v: { access: 'read', length: (p) => p.points ** 2 * p.in_channels * Math.ceil(p.tiles / 4) * 4 },
    u: { access: 'read', length: (p) => p.points ** 2 * p.in_channels * p.vectors * 4 },
    bias,
    residual,
    m: { ...m, access: 'read_write' },
    y,
  },
  params: { in_channels: 'u32', ...OUTPUT_PARAMS },
  constants: { WORKGROUP: 8 },
  variants: OUTPUT_VARIANTS,
  workgroups: (p) => [Math.ceil(p.tiles / 32), Math.ceil(p.vectors / 8)],
});
