/** Layers of mobile networks on tfjs, as fast as its functions make them: bias and activation fused. */
import type { Tensor4D } from '@tensorflow/tfjs-core';
import type { TfjsRival } from '../rivals/tfjs.ts';
import type { MobileLayer } from './architecture.ts';
import { type LayerWeights, weightShape } from './weights.ts';

export interface TfjsLayer {
  run(x: Tensor4D, other?: Tensor4D): Tensor4D;
  free(): void;
}

const ACTIVATIONS = { none: 'linear', relu: 'relu', relu6: 'relu6' } as const;

export function tfjsLayer({ tf }: TfjsRival, layer: MobileLayer, { w, bias: values }: LayerWeights): TfjsLayer {
  const [height, width, inputs, outputs] = weightShape(layer) as [number, number, number, number];
  const depthwise = layer.kind === 'depthwise';
  const filter = tf.tensor4d(w, depthwise ? [height, width, outputs, inputs] : [height, width, inputs, outputs]);
  const bias = tf.tensor1d(values);
  const options = {
    filter,
    bias,
    strides: layer.stride,
    pad: 'same',
    activation: ACTIVATIONS[layer.activation],
  } as const;
  return {
    run(x, other) {
      const y = depthwise ? tf.fused.depthwiseConv2d({ x, ...options }) : tf.fused.conv2d({ x, ...options });
      return other ? tf.add(other, y) : y;
    },
    free: () => tf.dispose([filter, bias]),
  };
}
