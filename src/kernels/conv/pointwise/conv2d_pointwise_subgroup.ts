import source from '../../../../shaders/conv/pointwise/conv2d_pointwise_subgroup.wgsl';
import { activationsOf } from '../../core/activation.ts';
import { defineKernel, type Grid } from '../../core/define.ts';
import { fold } from '../../core/limits.ts';

/** Lanes of the subgroup, and pixels of a thread. */
const LANES = 8;
const PIXELS = 8;

/** Pixels of a workgroup. */
export const POINTWISE_PIXELS = LANES * PIXELS;

/** Output channels of a thread. */
export const POINTWISE_CHANNELS = ['16', '24', '32', '40'] as const;
export type PointwiseChannels = (typeof POINTWISE_CHANNELS)[number];

/** Lanes must be constants where they are named, so each sum has a line of its own. */
function declare(channels: number): string {
  const each = (count: number, line: (i: number) => string) =>
    Array.from({ length: count }, (_, i) => line(i)).join('\n');
  const from = (w: string, c: number) => `subgroupBroadcast(${w}${Math.floor(c / LANES)}, ${c % LANES})`;
  return `const CHANNELS = ${channels}u;
fn add_products(even: mat2x4f, odd: mat2x4f, rows: vec2u, channel: u32) {
${each(channels / LANES, (i) => `  let v${i} = weight(rows.x, channel + ${i * LANES});`)}
${each(channels / LANES, (i) => `  let w${i} = weight(rows.y, channel + ${i * LANES});`)}
${each(channels, (c) => `  sums[${c}] = sums[${c}] + even * ${from('v', c)} + odd * ${from('w', c)};`)}
}`;
}

/** 1x1 convolution of stride 1 for subgroups of 8 lanes: whole vec4s of output channels. */
export const conv2dPointwiseSubgroup = defineKernel({
  name: 'conv2d_pointwise_subgroup',
  source,
  buffers: {
    x: { access: 'read', length: (p) => p.pixels * p.in_stride * 2 },
    weights: { access: 'read', length: (p) => p.in_channels * p.out_channels },
    bias: { access: 'read', length: (p) => p.bias * p.out_channels },
    residual: { access: 'read', length: (p) => p.residual * p.pixels * p.out_channels },
    y: { access: 'read_write', length: (p) => p.pixels * p.out_stride * 4 },
  },
  params: {
    pixels: 'u32',
    in_channels: 'u32',
    in_stride: 'u32',
    in_first: 'u32',
    out_channels: 'u32',
    out_stride: 'u32',
    out_first: 'u32',
    bias: 'u32',
    residual: 'u32',
    halves: 'u32',
  },
  constants: { WORKGROUP: LANES },
  variants: {
    channels: { '16': declare(16), '24': declare(24), '32': declare(32), '40': declare(40) },
    activation: activationsOf('vec4f'),
  },
  workgroups: (p, { channels }): Grid => {
    const [x, z] = fold(Math.ceil(p.pixels / POINTWISE_PIXELS));
    return [x, Math.ceil(p.out_channels / Number(channels)), z];
  },
});
