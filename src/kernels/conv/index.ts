/**
 * Convolution and its two gradients: which algorithm computes them. N batch, H height, W width, C channels;
 * activations NHWC, weights HWIO.
 */

import type { DeviceTraits, Emit } from '../core/emit.ts';
import type { Algorithm, Algorithms, ConvBuffers } from './algorithm.ts';
import { directForward, directInputGrad, directWeightGrad } from './direct/index.ts';
import { gemmForward, gemmInputGrad } from './gemm/forward.ts';
import { gemmWeightGrad } from './gemm/weight_grad.ts';
import type { ConvGeometry, ConvOptions } from './geometry.ts';
import { pointwiseForward } from './pointwise/index.ts';
import type { Convolution, ConvTask, Direction } from './task.ts';
import { winogradForward, winogradInputGrad } from './winograd/forward.ts';
import { winogradWeightGrad } from './winograd/weight_grad.ts';

export type { ConvActivation, ConvGeometry, ConvOptions, ConvView } from './geometry.ts';

/** All algorithms of each direction. */
export const algorithms: Algorithms = {
  forward: [directForward, pointwiseForward, ...gemmForward, ...winogradForward],
  inputGrad: [directInputGrad, ...gemmInputGrad, ...winogradInputGrad],
  weightGrad: [directWeightGrad, ...gemmWeightGrad, ...winogradWeightGrad],
};

/** Emits `y = activation(conv(x, w) + bias + residual)`. @throws KernelError for a channel range that is not aligned. */
export function emitConv2d<T>(
  emit: Emit<T>,
  buffers: ConvBuffers<T>['forward'],
  geometry: ConvGeometry,
  options: ConvOptions,
): void {
  emitChosen(emit, buffers, { direction: 'forward', geometry, options });
}

/** Emits the gradient with respect to `x`, of the geometry's input shape, from `dy` of its output shape. */
export function emitConv2dInputGrad<T>(
  emit: Emit<T>,
  buffers: ConvBuffers<T>['inputGrad'],
  geometry: ConvGeometry,
): void {
  emitChosen(emit, buffers, { direction: 'inputGrad', geometry, options: { activation: 'none' } });
}

/** Emits the gradient with respect to the weights, in their layout. The order of summation is fixed. */
export function emitConv2dWeightGrad<T>(
  emit: Emit<T>,
  buffers: ConvBuffers<T>['weightGrad'],
  geometry: ConvGeometry,
): void {
  emitChosen(emit, buffers, { direction: 'weightGrad', geometry, options: { activation: 'none' } });
}

/** The algorithms that can compute this on such a device, the one that should be fastest first. */
export function ranked<D extends Direction>(
  traits: DeviceTraits,
  convolution: Convolution<D>,
  from: Algorithms = algorithms,
): Algorithm<D>[] {
  const all: readonly Algorithm<D>[] = from[convolution.direction];
  const costs = new Map(all.map((algorithm) => [algorithm, algorithm.cost(traits, convolution)]));
  return all.filter((each) => each.fits(traits, convolution)).sort((a, b) => costs.get(a)! - costs.get(b)!);
}

/** The algorithm the tuner found, if there was one and it can still do this, else the first of the ranked. */
export function chosen<D extends Direction>(traits: DeviceTraits, task: ConvTask<D>): Algorithm<D> {
  const name = traits.tuned?.(task);
  const all: readonly Algorithm<D>[] = algorithms[task.direction];
  return all.find((each) => each.name === name && each.fits(traits, task)) ?? ranked(traits, task)[0]!;
}

function emitChosen<T, D extends Direction>(
  emit: Emit<T>,
  buffers: ConvBuffers<T>[D],
  convolution: Convolution<D>,
): void {
  const { bias, residual } = buffers as Partial<ConvBuffers<T>['forward']>;
  const task = { ...convolution, bias: bias !== undefined, residual: residual !== undefined };
  chosen(emit.traits, task).emit(emit, buffers, task);
}
