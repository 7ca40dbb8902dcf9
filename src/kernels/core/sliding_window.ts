/** Windows that slide over two or three spatial axes: what pooling and direct convolution share. */
import type { Scalar, Values } from './define.ts';

/** One number for each spatial axis: `[height, width]` or `[depth, height, width]`. */
export type Spatial = readonly number[];

/** Where windows lie. The padding behind follows from `outSize`. */
export interface WindowGeometry {
  readonly batch: number;
  readonly inSize: Spatial;
  readonly outSize: Spatial;
  readonly kernel: Spatial;
  readonly strides: Spatial;
  readonly dilations: Spatial;
  readonly padBefore: Spatial;
}

/** The parameters of a kernel that slides windows. Two axes are three with a depth of 1. */
export const WINDOW_PARAMS = {
  batch: 'u32',
  in_depth: 'u32',
  in_height: 'u32',
  in_width: 'u32',
  out_depth: 'u32',
  out_height: 'u32',
  out_width: 'u32',
  taps_z: 'u32',
  taps_y: 'u32',
  taps_x: 'u32',
  step_z: 'u32',
  step_y: 'u32',
  step_x: 'u32',
  dilation_z: 'u32',
  dilation_y: 'u32',
  dilation_x: 'u32',
  origin_z: 'i32',
  origin_y: 'i32',
  origin_x: 'i32',
} as const satisfies Record<string, Scalar>;

export type WindowParams = Values<typeof WINDOW_PARAMS>;

/** The parameters for `geometry`. */
export function windowParams(geometry: WindowGeometry): WindowParams {
  const { batch, inSize, outSize, kernel, strides, dilations, padBefore } = geometry;
  const [in_depth, in_height, in_width] = depthFirst(inSize, 1);
  const [out_depth, out_height, out_width] = depthFirst(outSize, 1);
  const [taps_z, taps_y, taps_x] = depthFirst(kernel, 1);
  const [step_z, step_y, step_x] = depthFirst(strides, 1);
  const [dilation_z, dilation_y, dilation_x] = depthFirst(dilations, 1);
  const [pad_z, pad_y, pad_x] = depthFirst(padBefore, 0);
  return {
    ...{ batch, in_depth, in_height, in_width, out_depth, out_height, out_width },
    ...{ taps_z, taps_y, taps_x, step_z, step_y, step_x, dilation_z, dilation_y, dilation_x },
    ...{ origin_z: -pad_z, origin_y: -pad_y, origin_x: -pad_x },
  };
}

/** Three numbers: `flat` is that of the depth where there are only two. */
export function depthFirst(spatial: Spatial, flat: number): [z: number, y: number, x: number] {
  const [z, y, x] = spatial.length === 2 ? [flat, ...spatial] : spatial;
  return [z!, y!, x!];
}

/** Pixels of the whole input. */
export function inPixels({ batch, in_depth, in_height, in_width }: WindowParams): number {
  return batch * in_depth * in_height * in_width;
}

/** Pixels of the whole output. */
export function outPixels({ batch, out_depth, out_height, out_width }: WindowParams): number {
  return batch * out_depth * out_height * out_width;
}
