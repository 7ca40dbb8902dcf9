/**
 * Convolution and its two gradients: which algorithm computes them. N batch, H height, W width, C channels;
 * activations NHWC, weights HWIO.
 */

import type { DeviceTraits, Emit } from '../core/emit.ts';
import type { Algorithm, Algorithms, ConvBuffers } from './algorithm.ts';
import { choose, emitChosen, rank } from './choice.ts';
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
  emitChosen(emit, buffers, { direction: 'forward', geometry, options }, algorithms.forward);
}

/** Emits the gradient with respect to `x`, of the geometry's input shape, from `dy` of its output shape. */
export function emitConv2dInputGrad<T>(
  emit: Emit<T>,
  buffers: ConvBuffers<T>['inputGrad'],
  geometry: ConvGeometry,
): void {
  emitChosen(
    emit,
    buffers,
    { direction: 'inputGrad', geometry, options: { activation: 'none' } },
    algorithms.inputGrad,
  );
}

/** Emits the gradient with respect to the weights, in their layout. The order of summation is fixed. */
export function emitConv2dWeightGrad<T>(
  emit: Emit<T>,
  buffers: ConvBuffers<T>['weightGrad'],
  geometry: ConvGeometry,
): void {
  emitChosen(
    emit,
    buffers,
    { direction: 'weightGrad', geometry, options: { activation: 'none' } },
    algorithms.weightGrad,
  );
}

/** The algorithms that can compute this on such a device, the one that should be fastest first. */
export function ranked<D extends Direction>(traits: DeviceTraits, convolution: Convolution<D>): Algorithm<D>[] {
  return rank(traits, convolution, algorithms[convolution.direction]);
}

/** The algorithm the tuner found, if there was one and it can still do this, else the first of the ranked. */
export function chosen<D extends Direction>(traits: DeviceTraits, task: ConvTask<D>): Algorithm<D> {
  return choose(traits, task, algorithms[task.direction]);
}
