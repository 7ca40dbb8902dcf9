/** Layers of mobile networks on tfjs, as fast as its functions make them: bias and activation fused. */
import type { Tensor4D } from '@tensorflow/tfjs-core';
import type { TfjsRival } from '../rivals/tfjs.ts';
import type { MobileLayer } from './architecture.ts';
import { type LayerWeights, weightShape } from './weights.ts';

export interface TfjsLayer {
  run(x: Tensor4D, other?: Tensor4D): Tensor4D;
  free(): void;
}

/** tfjs has no hard-swish: it is made of what there is. */
const ACTIVATIONS = { none: 'linear', relu: 'relu', relu6: 'relu6', hard_swish: 'linear' } as const;

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
      const sum = other ? tf.add<Tensor4D>(other, y) : y;
      if (layer.activation !== 'hard_swish') return sum;
      return tf.mul<Tensor4D>(sum, tf.clipByValue(tf.add(tf.div(sum, 6), 0.5), 0, 1));
    },
    free: () => tf.dispose([filter, bias]),
  };
}
