import source from '../../../shaders/image/extractor_input.wgsl';
import { defineKernel, type Variants } from '../core/define.ts';
import type { Emit } from '../core/emit.ts';
import { lumaRows } from './luma_rows.ts';

/** Where the three equal channels of a pixel go. */
const layouts = {
  nhwc: 'fn channel_of(pixel: u32, channel: u32) -> u32 { return 3u * pixel + channel; }',
  nchw: 'fn channel_of(pixel: u32, channel: u32) -> u32 { return channel * params.size * params.size + pixel; }',
} as const satisfies Variants[string];

/**
 * A classifier's input from rows of luma: `y` [size, size, 3] or [3, size, size], black `low`, white `high`.
 *
 * `rows` [size, width] are 0..1. See `emitExtractorInput`.
 */
export const extractorInput = defineKernel({
  name: 'extractor_input',
  source,
  buffers: {
    rows: { access: 'read', length: ({ size, width }) => size * width },
    y: { access: 'read_write', length: ({ size }) => 3 * size * size },
  },
  params: { width: 'u32', size: 'u32', mirror: 'u32', low: 'f32', high: 'f32' },
  constants: { WORKGROUP: 256 },
  variants: { layout: layouts },
  threads: ({ size }) => size * size,
});

export interface ExtractorInputParams {
  /** Pixels of the picture. */
  readonly height: number;
  readonly width: number;
  /** Pixels a side of the classifier's input. */
  readonly size: number;
  /** Whether left and right are swapped. */
  readonly mirror: boolean;
  /** What black and white become. */
  readonly range: readonly [low: number, high: number];
  readonly layout: keyof typeof layouts;
}

/**
 * From a picture to a classifier's input: luma, resized (not keeping the aspect ratio) to `size` x `size`, scaled to
 * `range`, three times.
 *
 * @param buffers `pixels` [height, width], RGBA8; `y` [size, size, 3] or [3, size, size]
 */
export function emitExtractorInput<T>(
  emit: Emit<T>,
  { pixels, y }: { readonly pixels: T; readonly y: T },
  { height, width, size, mirror, range: [low, high], layout }: ExtractorInputParams,
): void {
  const rows = emit.scratch(size * width);
  emit.call(lumaRows, { pixels, y: rows }, { height, width, size });
  emit.call(extractorInput, { rows, y }, { width, size, mirror: mirror ? 1 : 0, low, high }, { layout });
}

/** Whether a picture's sides fit the kernels' 32-bit integers: up to 895,000 pixels for 299. */
export function fitsExtractorInput(width: number, height: number, size: number): boolean {
  return Math.max(width, height, size) * size < 2 ** 28;
}
