import source from '../../shaders/conv_direct.wgsl';
import { activationsOf, type PlainActivation } from './activations.ts';
import { combiningWidths } from './combine.ts';
import { convDepthwise, type DepthwiseWindow, depthwiseRows, depthwiseWindow } from './conv_depthwise.ts';
import { defineKernel, type Grid, linear } from './define.ts';
import type { Emit } from './emit.ts';
import { inPixels, outPixels, WINDOW_PARAMS, type WindowGeometry, type WindowParams, windowParams } from './window.ts';

const WORKGROUP = 64;

type Params = WindowParams & { readonly group_in: number; readonly group_out: number; readonly groups: number };

const ARGUMENTS = 'pixels: vec4u, inside: vec4<bool>, tap: u32, element: u32';

/** A workgroup shares its channels, so that it reads the same weights. */
const sharedElement = `fn place_of(group: vec3u, groups: vec3u, local: u32) -> Place {
  return Place(group.y, (group.x + group.z * groups.x) * WORKGROUP + local);
}`;

/** Neighbouring threads have neighbouring channels, so that they read and write whole stretches of memory. */
const neighbouringElements = `fn place_of(group: vec3u, groups: vec3u, local: u32) -> Place {
  let unit = (group.x + group.y * groups.x) * WORKGROUP + local;
  let elements = params.groups * params.group_out / WIDTH;
  return Place(unit % elements, unit / elements);
}`;

/** The products of one input channel at a time, `product(x, w)`, for four outputs. */
const oneByOne = (product: string) => `alias X = f32;
fn products(${ARGUMENTS}) -> Strip {
  let elements = params.groups * params.group_out / WIDTH;
  let channels = element * WIDTH / params.group_out * params.group_in;
  let start = pixels * (params.groups * params.group_in) + channels;
  var sum = Strip();
  for (var c = 0u; c < params.group_in; c++) {
    let input = select(vec4f(), vec4f(x[start.x + c], x[start.y + c], x[start.z + c], x[start.w + c]), inside);
    let weights = w[(tap * params.group_in + c) * elements + element];
    sum += ${product};
  }
  return sum;
}`;

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
      scalar: `${combiningWidths.scalar}
alias Strip = vec4f;
${sharedElement}
${oneByOne('input * weights')}`,
      /** 4 divides the output channels of a group. */
      vec4_out: `${combiningWidths.vec4}
alias Strip = mat4x4f;
${sharedElement}
${oneByOne('mat4x4f(input.x * weights, input.y * weights, input.z * weights, input.w * weights)')}`,
      /** 4 divides the input and the output channels of a group. */
      vec4: `${combiningWidths.vec4}
alias Strip = mat4x4f;
${sharedElement}
alias X = vec4f;
fn products(${ARGUMENTS}) -> Strip {
  let elements = params.groups * params.group_out / 4u;
  let vectors = params.group_in / 4u;
  let start = pixels * (params.groups * vectors) + element * 4u / params.group_out * vectors;
  var sum = Strip();
  for (var c = 0u; c < vectors; c++) {
    let i = (tap * vectors + c) * 4u * elements + element;
    let weights = mat4x4f(w[i], w[i + elements], w[i + 2u * elements], w[i + 3u * elements]);
    sum += weights * mat4x4f(
      select(vec4f(), x[start.x + c], inside.x),
      select(vec4f(), x[start.y + c], inside.y),
      select(vec4f(), x[start.z + c], inside.z),
      select(vec4f(), x[start.w + c], inside.w),
    );
  }
  return sum;
}`,
      /** Each channel is a group, and 4 divides their number. */
      depthwise: `${combiningWidths.vec4}
alias Strip = mat4x4f;
${neighbouringElements}
alias X = vec4f;
fn products(${ARGUMENTS}) -> Strip {
  let elements = params.groups / 4u;
  let start = pixels * elements + element;
  let weights = w[tap * elements + element];
  return mat4x4f(
    select(vec4f(), x[start.x], inside.x) * weights,
    select(vec4f(), x[start.y], inside.y) * weights,
    select(vec4f(), x[start.z], inside.z) * weights,
    select(vec4f(), x[start.w], inside.w) * weights,
  );
}`,
    },
  },
  workgroups: (params, { products }): Grid => {
    const strips = params.batch * params.out_depth * params.out_height * Math.ceil(params.out_width / 4);
    const elements = (params.groups * params.group_out) / (products === 'scalar' ? 1 : 4);
    if (products === 'depthwise') return linear(strips * elements, WORKGROUP);
    const [x, z = 1] = linear(strips, WORKGROUP);
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
