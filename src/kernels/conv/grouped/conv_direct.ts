import source from '../../../../shaders/conv/grouped/conv_direct.wgsl';
import outer from '../../../../shaders/lib/conv/direct/outer.wgsl';
import placeNeighboring from '../../../../shaders/lib/conv/grouped/conv_place_neighboring.wgsl';
import placeShared from '../../../../shaders/lib/conv/grouped/conv_place_shared.wgsl';
import productsDepthwise from '../../../../shaders/lib/conv/grouped/conv_products_depthwise.wgsl';
import productsSingle from '../../../../shaders/lib/conv/grouped/conv_products_single.wgsl';
import productsVec4 from '../../../../shaders/lib/conv/grouped/conv_products_vec4.wgsl';
import { activationsOf, type PlainActivation } from '../../core/activation.ts';
import { defineKernel, dispatch1d, type Grid } from '../../core/define.ts';
import type { Emit } from '../../core/emit.ts';
import { combiningWidths } from '../../core/reducers.ts';
import {
  inPixels,
  outPixels,
  WINDOW_PARAMS,
  type WindowGeometry,
  type WindowParams,
  windowParams,
} from '../../core/sliding_window.ts';
import { convDepthwise, type DepthwiseWindow, depthwiseRows, depthwiseWindow } from './conv_depthwise.ts';

const WORKGROUP = 64;

type Params = WindowParams & { readonly group_in: number; readonly group_out: number; readonly groups: number };

/** Convolution with dilation and groups, over three axes. See `emitConvDirect`. */
export const convDirect = defineKernel({
  name: 'conv_direct',
  source,
  buffers: {
    x: { access: 'read', length: (p: Params) => inPixels(p) * p.groups * p.group_in },
    w: {
      access: 'read',
      length: (p: Params) => p.taps_z * p.taps_y * p.taps_x * p.group_in * p.groups * p.group_out,
    },
    bias: { access: 'read', length: (p: Params & { bias: number }) => p.bias * p.groups * p.group_out },
    y: { access: 'read_write', length: (p: Params) => outPixels(p) * p.groups * p.group_out },
  },
  params: { ...WINDOW_PARAMS, group_in: 'u32', group_out: 'u32', groups: 'u32', bias: 'u32' },
  constants: { WORKGROUP },
  variants: {
    activation: activationsOf('Element'),
    products: {
      /** Any number of channels. */
      scalar: [
        combiningWidths.scalar,
        'alias Strip = vec4f;',
        'fn product(inputs: vec4f, weights: f32) -> Strip { return inputs * weights; }',
        placeShared,
        productsSingle,
      ].join('\n'),
      /** 4 divides the output channels of a group. */
      vec4_out: [
        combiningWidths.vec4,
        'alias Strip = mat4x4f;',
        'fn product(inputs: vec4f, weights: vec4f) -> Strip { return outer(weights, inputs); }',
        outer,
        placeShared,
        productsSingle,
      ].join('\n'),
      /** 4 divides the input and the output channels of a group. */
      vec4: [combiningWidths.vec4, 'alias Strip = mat4x4f;', placeShared, productsVec4].join('\n'),
      /** Each channel is a group, and 4 divides their number. */
      depthwise: [combiningWidths.vec4, 'alias Strip = mat4x4f;', placeNeighboring, productsDepthwise].join('\n'),
    },
  },
  workgroups: (params, { products }): Grid => {
    const strips = params.batch * params.out_depth * params.out_height * Math.ceil(params.out_width / 4);
    const elements = (params.groups * params.group_out) / (products === 'scalar' ? 1 : 4);
    if (products === 'depthwise') return dispatch1d(strips * elements, WORKGROUP);
    const [x, z = 1] = dispatch1d(strips, WORKGROUP);
    return [x, elements, z];
  },
});

export interface ConvDirectGeometry extends WindowGeometry {
  readonly inChannels: number;
  readonly outChannels: number;
  /** Divides both numbers of channels. */
  readonly groups: number;
}

/**
 * Emits `y` [batch, ...outSize, outChannels] = activation(conv(`x`, `w`) + `bias`), with dilation and groups.
 *
 * `x` is [batch, ...inSize, inChannels], `w` [...kernel, inChannels / groups, outChannels], `bias` [outChannels].
 */
export function emitConvDirect<T>(
  emit: Emit<T>,
  { x, w, bias, y }: { readonly x: T; readonly w: T; readonly bias?: T | undefined; readonly y: T },
  geometry: ConvDirectGeometry,
  activation: PlainActivation = 'none',
): void {
  const { inChannels, outChannels, groups } = geometry;
  const window = depthwiseWindow(geometry.kernel, geometry.strides, geometry.dilations);
  if (window && inChannels === groups && outChannels === groups) {
    emitDepthwise(emit, { x, w, bias, y }, geometry, { window, activation });
    return;
  }
  const [group_in, group_out] = [inChannels / groups, outChannels / groups];
  emit.call(
    convDirect,
    // Without a bias its binding is not read, but WebGPU wants a buffer there.
    { x, w, bias: bias ?? w, y },
    { ...windowParams(geometry), group_in, group_out, groups, bias: bias === undefined ? 0 : 1 },
    { products: productsFor(group_in, group_out, groups), activation },
  );
}

function emitDepthwise<T>(
  emit: Emit<T>,
  { x, w, bias, y }: { readonly x: T; readonly w: T; readonly bias: T | undefined; readonly y: T },
  { batch, inSize, outSize, kernel, padBefore, groups: channels }: ConvDirectGeometry,
  choice: { readonly window: DepthwiseWindow; readonly activation: PlainActivation },
): void {
  const [in_height, in_width] = inSize as [number, number];
  const [height, width] = outSize as [number, number];
  const [top, left] = padBefore as [number, number];
  emit.call(
    convDepthwise,
    { x, w, bias: bias ?? w, y },
    {
      ...{ batch, in_height, in_width, out_height: height, out_width: width, channels, taps: kernel[0]! },
      ...{ origin_y: -top, origin_x: -left, bias: bias === undefined ? 0 : 1 },
      rows: depthwiseRows(emit.traits, choice.window, { batch, height, width, channels }),
    },
    choice,
  );
}

function productsFor(groupIn: number, groupOut: number, groups: number) {
  if (groupIn === 1 && groupOut === 1 && groups % 4 === 0) return 'depthwise';
  if (groupOut % 4 !== 0) return 'scalar';
  return groupIn % 4 === 0 ? 'vec4' : 'vec4_out';
}
