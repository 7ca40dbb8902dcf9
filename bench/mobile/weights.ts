/** Seeded weights of the layers of mobile networks. */
import { type Shape, sizeOf } from '../../src/graph/node.ts';
import type { Floats } from '../arm.ts';
import { uniform } from '../workload.ts';
import type { MobileLayer } from './architecture.ts';

/** What a layer is made of. Weights [KH, KW, inputs, outputs], or of one input channel where it is depthwise. */
export interface LayerWeights {
  readonly w: Floats;
  readonly bias: Floats;
}

export const weightShape = ({ kind, kernel, inputs, outputs }: MobileLayer): Shape => [
  kernel,
  kernel,
  kind === 'depthwise' ? 1 : inputs,
  outputs,
];

/** Products in one sum. */
export const productsOf = (layer: MobileLayer): number => sizeOf(weightShape(layer)) / layer.outputs;

/** Weights with which sums have a variance of about `gain`, for inputs of variance 1. */
export function randomLayer(layer: MobileLayer, seed: number, gain = 1): LayerWeights {
  const limit = Math.sqrt((3 * gain) / productsOf(layer));
  return {
    w: uniform(sizeOf(weightShape(layer)), 2 * seed).map((value) => limit * value),
    bias: uniform(layer.outputs, 2 * seed + 1).map((value) => value / 2),
  };
}
