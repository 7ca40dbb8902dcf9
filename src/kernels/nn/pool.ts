import source from '../../../shaders/nn/pool.wgsl';
import { defineKernel } from '../core/define.ts';
import type { Emit } from '../core/emit.ts';
import { combinations, combiningWidths } from '../core/reducers.ts';
import {
  depthFirst,
  inPixels,
  outPixels,
  type Spatial,
  WINDOW_PARAMS,
  type WindowGeometry,
  type WindowParams,
  windowParams,
} from '../core/sliding_window.ts';
import { elementsOf, widthFor } from '../core/vector_width.ts';

const WORKGROUP = 256;

/** The maximum or the average of a window for every output and channel. See `emitPool`. */
export const pool = defineKernel({
  name: 'pool',
  source,
  buffers: {
    x: { access: 'read', length: (p: WindowParams & { channels: number }) => inPixels(p) * p.channels },
    y: { access: 'read_write', length: (p: WindowParams & { stride: number }) => outPixels(p) * p.stride },
  },
  params: {
    ...WINDOW_PARAMS,
    channels: 'u32',
    stride: 'u32',
    first: 'u32',
    count_padding: 'u32',
    end_z: 'u32',
    end_y: 'u32',
    end_x: 'u32',
  },
  constants: { WORKGROUP },
  variants: {
    reduction: {
      max: `${combinations.max}\nfn finish(value: Element, taps: f32) -> Element { return value; }`,
      average: `${combinations.sum}\nfn finish(value: Element, taps: f32) -> Element { return value / taps; }`,
    },
    vector: combiningWidths,
  },
  threads: (params, { vector }) => outPixels(params) * elementsOf(params.channels, vector),
});

export interface PoolOptions {
  readonly reduction: 'max' | 'average';
  /** Padding behind the input. With it an average counts the padding on both sides, without only what is inside. */
  readonly countedPadAfter?: Spatial | undefined;
  /** Where y lies: its pixels are `stride` channels apart, and the results begin at channel `first`. */
  readonly view?: { readonly stride: number; readonly first: number } | undefined;
}

/**
 * Emits max or average pooling: `x` [batch, ...inSize, channels] to `y` [batch, ...outSize, channels].
 *
 * Every window must hold an element of the input, or padding that counts. A NaN makes the whole window NaN.
 */
export function emitPool<T>(
  emit: Emit<T>,
  buffers: { readonly x: T; readonly y: T },
  geometry: WindowGeometry & { readonly channels: number },
  { reduction, countedPadAfter, view }: PoolOptions,
): void {
  const { channels, inSize } = geometry;
  const { stride, first } = view ?? { stride: channels, first: 0 };
  const [end_z, end_y, end_x] = depthFirst(
    inSize.map((size, axis) => size + (countedPadAfter?.[axis] ?? 0)),
    1,
  );
  // A power of two divides all three numbers where it divides their bitwise or.
  const vector = widthFor(channels | stride | first);
  const params = { ...windowParams(geometry), channels, stride, first, end_z, end_y, end_x };
  emit.call(pool, buffers, { ...params, count_padding: countedPadAfter ? 1 : 0 }, { reduction, vector });
}
