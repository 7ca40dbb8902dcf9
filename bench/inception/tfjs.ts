/** The network on tfjs, as fast as its functions make it: batch norm and residual scales folded, bias and ReLU fused. */
import type { Tensor2D, Tensor4D } from '@tensorflow/tfjs-core';
import type { TfjsRival } from '../rivals/tfjs.ts';
import { type Builder, type Convolution, type NetworkOptions, Walk } from './architecture.ts';
import type { Parameters } from './parameters.ts';

type Tf = TfjsRival['tf'];

/** Computes layers as they are walked through. The weights are made in the first walk. */
export class TfjsNetwork {
  readonly #tf: Tf;
  readonly #parameters: Parameters;
  readonly #options: NetworkOptions;
  readonly #filters = new Map<string, { filter: Tensor4D; bias: Tensor4D }>();
  readonly #classifier: { weights: Tensor2D; bias: Tensor2D };

  constructor({ tf }: TfjsRival, parameters: Parameters, options: NetworkOptions, features: number) {
    this.#tf = tf;
    this.#parameters = parameters;
    this.#options = options;
    const { weights, bias } = parameters.dense('classif', features, options);
    const turned = tf.tidy(() => tf.transpose(tf.tensor2d(weights, [options.classes, features])));
    this.#classifier = { weights: turned as Tensor2D, bias: tf.tensor2d(bias, [1, options.classes]) };
  }

  /** Logits [N, classes] of pictures [N, size, size, 3]. The caller tidies up. */
  run(pictures: Tensor4D): Tensor2D {
    const tf = this.#tf;
    const values = new Map([['pictures', pictures]]);
    const { size, widthDivisor } = this.#options;
    const image = { name: 'pictures', channels: 3, size };
    const { features } = new Walk(this.#builder(values), widthDivisor).network(image);
    const pooled = tf.mean(values.get(features.name)!, [1, 2]) as Tensor2D;
    return tf.add(tf.matMul(pooled, this.#classifier.weights), this.#classifier.bias) as Tensor2D;
  }

  free(): void {
    this.#tf.dispose([...this.#filters.values(), this.#classifier] as never);
  }

  #builder(values: Map<string, Tensor4D>): Builder {
    const tf = this.#tf;
    const keep = (name: string, value: Tensor4D): string => {
      values.set(name, value);
      return name;
    };
    const convolve = (x: string, layer: Convolution, activation: 'relu' | 'linear', scale = 1): Tensor4D => {
      const pad = layer.padding === 'SAME' ? 'same' : 'valid';
      return tf.fused.conv2d({
        x: values.get(x)!,
        ...this.#filter(layer, scale),
        strides: layer.stride,
        pad,
        activation,
      });
    };
    const projections = new Map<string, { x: string; layer: Convolution }>();
    return {
      convolution: (x, layer) => keep(layer.name, convolve(x.name, layer, 'relu')),
      // Computed by the residual, whose scale goes into the weights.
      projection: (x, layer) => {
        projections.set(layer.name, { x: x.name, layer });
        return layer.name;
      },
      residual: (x, branch, scale, name) => {
        const { x: input, layer } = projections.get(branch.name)!;
        return keep(name, tf.add(values.get(x.name)!, convolve(input, layer, 'linear', scale)) as Tensor4D);
      },
      pool: (x, { name, type, kernel, stride, padding }) => {
        const pool = type === 'max' ? tf.maxPool : tf.avgPool;
        return keep(name, pool(values.get(x.name)!, kernel, stride, padding === 'SAME' ? 'same' : 'valid') as Tensor4D);
      },
      concat: (parts, name) =>
        keep(
          name,
          tf.concat(
            parts.map((part) => values.get(part.name)!),
            3,
          ),
        ),
      relu: (x, name) => keep(name, tf.relu(values.get(x.name)!)),
    };
  }

  #filter(layer: Convolution, scale: number): { filter: Tensor4D; bias: Tensor4D } {
    const known = this.#filters.get(layer.name);
    if (known) return known;
    const tf = this.#tf;
    const projected = layer.name.endsWith('/Up');
    const { weights, bias } = projected
      ? { weights: this.#parameters.weights(layer), bias: this.#parameters.bias(layer) }
      : this.#parameters.folded(layer);
    const { outputs, inputs, kernel } = layer;
    const made = {
      filter: tf.keep(
        tf.tidy(() => tf.mul(tf.transpose(tf.tensor4d(weights, [outputs, inputs, ...kernel]), [2, 3, 1, 0]), scale)),
      ) as Tensor4D,
      bias: tf.keep(tf.tidy(() => tf.mul(tf.tensor4d(bias, [1, 1, 1, outputs]), scale))) as Tensor4D,
    };
    this.#filters.set(layer.name, made);
    return made;
  }
}
