/** 1x1 convolutions of stride 1 on devices with subgroups of 8 lanes: tiles as wide as the layer's channels allow. */

import type { DeviceTraits } from '../../core/emit.ts';
import type { Algorithm } from '../algorithm.ts';
import { type ConvGeometry, pixelsOut } from '../geometry.ts';
import { isPointwise, patched, wholeInput } from '../operands.ts';
import type { Convolution } from '../task.ts';
import {
  conv2dPointwiseSubgroup,
  POINTWISE_CHANNELS,
  POINTWISE_PIXELS,
  type PointwiseChannels,
} from './conv2d_pointwise_subgroup.ts';

/**
 * What lavapipe takes for 8 lanes at a time, in multiply-adds of the direct algorithm: a load, and a multiply-add.
 * Measured. Stores are left out, as in the cost of the direct algorithm, which has just as many.
 */
const LOAD = 40;
const MULTIPLY = 5.5;

export const pointwiseForward: Algorithm<'forward'> = {
  name: 'pointwise',
  fits: (traits, { geometry, options: { activation, biasPerImage, inView, outView } }) => {
    const g = pointwise(traits, geometry);
    const aligned = [geometry.outChannels, outView?.stride, outView?.first].every((channels = 0) => channels % 4 === 0);
    // Patches are padded to whole vec4s.
    const own =
      g === geometry && [g.inChannels, inView?.stride, inView?.first].every((channels = 0) => channels % 2 === 0);
    const padded = g !== undefined && g !== geometry && !inView;
    return traits.subgroupSize === 8 && (own || padded) && aligned && !biasPerImage && activation !== 'tanh';
  },
  cost: (traits, convolution) => {
    const g = pointwise(traits, convolution.geometry);
    return g ? costOf(g, channelsFor(g)) : Number.POSITIVE_INFINITY;
  },
  emit(emit, { x: given, w, bias, residual, y }, { geometry, options }: Convolution<'forward'>) {
    const { activation, inView, outView } = options;
    if (activation === 'tanh') return;
    const patches = patched(emit.traits, geometry);
    const { x, g } = patches ? wholeInput(emit, given, geometry) : { x: given, g: geometry };
    const inChannels = patches ? Math.ceil(g.inChannels / 4) * 4 : g.inChannels;
    emit.call(
      conv2dPointwiseSubgroup,
      // Where there is no bias or residual, the binding still needs some buffer that this dispatch only reads.
      { x, weights: w, bias: bias ?? w, residual: residual ?? w, y },
      {
        pixels: pixelsOut(g),
        in_channels: g.inChannels,
        in_stride: (inView?.stride ?? inChannels) / 2,
        in_first: (inView?.first ?? 0) / 2,
        out_channels: g.outChannels,
        out_stride: (outView?.stride ?? g.outChannels) / 4,
        out_first: (outView?.first ?? 0) / 4,
        bias: bias === undefined ? 0 : 1,
        residual: residual === undefined ? 0 : 1,
        halves: 2,
      },
      { channels: channelsFor(g), activation },
    );
  },
};

/** The convolution of pixels that is to be done, if it is one. */
function pointwise(traits: DeviceTraits, geometry: ConvGeometry): ConvGeometry | undefined {
  const g = patched(traits, geometry) ?? geometry;
  return isPointwise(g) ? g : undefined;
}

/** The width of tiles that is the fastest. */
function channelsFor(g: ConvGeometry): PointwiseChannels {
  const costs = POINTWISE_CHANNELS.map((channels) => costOf(g, channels));
  return POINTWISE_CHANNELS[costs.indexOf(Math.min(...costs))]!;
}

function costOf(g: ConvGeometry, channels: PointwiseChannels): number {
  const width = Number(channels);
  const tiles = Math.ceil(pixelsOut(g) / POINTWISE_PIXELS) * Math.ceil(g.outChannels / width);
  return tiles * g.inChannels * (LOAD * (8 + width / 8) + MULTIPLY * 8 * width);
}
