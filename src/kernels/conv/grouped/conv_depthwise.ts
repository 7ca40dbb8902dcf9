import source from '../../../../shaders/conv/grouped/conv_depthwise.wgsl';
import depthwiseStrip4 from '../../../../shaders/lib/conv/grouped/depthwise_strip4.wgsl';
import depthwiseStrip8 from '../../../../shaders/lib/conv/grouped/depthwise_strip8.wgsl';
import { activationsOf } from '../../core/activation.ts';
import { defineKernel, dispatch1d, type Grid } from '../../core/define.ts';
import type { DeviceTraits } from '../../core/emit.ts';

const WORKGROUP = 64;

/** Kernels as `extent/stride`. With stride 2 outputs share fewer columns, so that wider strips save few loads. */
const WINDOWS = {
  '3/1': `const TAPS = 3u; const STEP = 1u;\n${depthwiseStrip8}`,
  '3/2': `const TAPS = 3u; const STEP = 2u;\n${depthwiseStrip4}`,
  '5/1': `const TAPS = 5u; const STEP = 1u;\n${depthwiseStrip8}`,
  '5/2': `const TAPS = 5u; const STEP = 2u;\n${depthwiseStrip4}`,
} as const;

export type DepthwiseWindow = keyof typeof WINDOWS;

const stripOf = (window: DepthwiseWindow): number => (window.endsWith('/1') ? 8 : 4);

/** Convolution of each channel by itself, 3x3 and 5x5, with strides of 1 and 2. */
export const convDepthwise = defineKernel({
  name: 'conv_depthwise',
  source,
  buffers: {
    x: { access: 'read', length: (p) => p.batch * p.in_height * p.in_width * p.channels },
    w: { access: 'read', length: (p) => p.taps ** 2 * p.channels },
    bias: { access: 'read', length: (p) => p.bias * p.channels },
    y: { access: 'read_write', length: (p) => p.batch * p.out_height * p.out_width * p.channels },
  },
  params: {
    batch: 'u32',
    in_height: 'u32',
    in_width: 'u32',
    out_height: 'u32',
    out_width: 'u32',
    channels: 'u32',
    taps: 'u32',
    origin_y: 'i32',
    origin_x: 'i32',
    bias: 'u32',
    rows: 'u32',
  },
  constants: { WORKGROUP },
  variants: { window: WINDOWS, activation: activationsOf('f32') },
  workgroups: (p, { window }): Grid => {
    const strips = Math.ceil(p.out_width / stripOf(window));
    return dispatch1d(p.batch * Math.ceil(p.out_height / p.rows) * strips * p.channels, WORKGROUP);
  },
});

/** The variant for such a window of two axes, if there is one. */
export function depthwiseWindow(
  kernel: readonly number[],
  strides: readonly number[],
  dilations: readonly number[],
): DepthwiseWindow | undefined {
  if (kernel.length !== 2 || new Set(kernel).size > 1 || new Set(strides).size > 1) return undefined;
  if (dilations.some((dilation) => dilation !== 1)) return undefined;
  const name = `${kernel[0]}/${strides[0]}`;
  return name in WINDOWS ? (name as DepthwiseWindow) : undefined;
}

/** Threads that keep a GPU busy, and outputs one below the other that are worth loading the weights, at least. */
const BUSY_THREADS = 1 << 17;
const SHORTEST = 4;
/** Threads that keep the cores of a CPU busy: more are shorter columns, of which each loads its first rows again. */
const BUSY_SOFTWARE_THREADS = 1 << 9;

/** The outputs, one below the other, of a thread: as many as leave threads enough. */
export function depthwiseRows(
  { software }: DeviceTraits,
  window: DepthwiseWindow,
  { batch, height, width, channels }: Readonly<Record<'batch' | 'height' | 'width' | 'channels', number>>,
): number {
  const columns = batch * Math.ceil(width / stripOf(window)) * channels;
  const parts = Math.ceil((software ? BUSY_SOFTWARE_THREADS : BUSY_THREADS) / columns);
  return Math.min(height, Math.max(SHORTEST, Math.ceil(height / parts)));
}
