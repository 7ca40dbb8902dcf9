/**
 * Measures what each batch normalization sees, so that seeded networks behave like trained ones: activations of order
 * one in every layer, and logits that follow the picture. The network normalizes by its own batch.
 */
import { type Convolution, type NetworkOptions, type Value, Walk } from './architecture.ts';
import { rawTensor } from './onnx_writer.ts';
import { EPSILON, type Floats, type Moments, Parameters } from './parameters.ts';
import { channelsFirst, pictures } from './pictures.ts';
import { TorchScript } from './styles/torchscript.ts';

/** Computes all outputs of a model from its input `x`. */
export type Evaluate = (
  model: Uint8Array,
  x: { readonly data: Floats; readonly shape: readonly number[] },
) => Promise<Readonly<Record<string, { readonly data: unknown }>>>;

const onnxRuntime: Evaluate = async (model, { data, shape }) => {
  const { InferenceSession, Tensor } = await import('onnxruntime-node');
  const session = await InferenceSession.create(model, { logSeverityLevel: 3 });
  const results = await session.run({ x: new Tensor('float32', data, shape) });
  await session.release();
  return results;
};

/**
 * Makes the parameters of a network. The same options and seed give the same parameters, up to the rounding of what
 * evaluates the network: ONNX Runtime's CPU provider, or `evaluate`.
 */
export async function seededParameters(
  options: NetworkOptions,
  seed = 1,
  evaluate: Evaluate = onnxRuntime,
): Promise<Parameters> {
  const network = new Calibration(options, new Parameters(seed, new Map()));
  const walk = new Walk(network, options.widthDivisor);
  walk.auxiliary(walk.network(network.image()).middle);
  // Small pictures leave few pixels to the last layers: as many samples then come from more pictures.
  const count = Math.ceil(1200 / options.size);
  const data = channelsFirst(pictures(count, options.size, 1000), 3, options.size ** 2);
  const x = { data, shape: [count, 3, options.size, options.size] };
  const results = await evaluate(network.finish().encode(), x);
  const moments = new Map<string, Moments>();
  for (const layer of network.layers) {
    const [mean, variance] = ['mean', 'variance'].map((key) => results[`${layer}/${key}`]!.data as Floats);
    moments.set(layer, { mean: mean!.slice(), variance: variance!.slice() });
  }
  return new Parameters(seed, moments);
}

class Calibration extends TorchScript {
  readonly layers: string[] = [];

  protected override header() {
    return { irVersion: 8, opset: 17, producer: 'calibration' };
  }

  override convolution(x: Value, layer: Convolution): string {
    const { name, outputs } = layer;
    const { gamma, beta } = this.parameters.affine(layer);
    const [mean, variance] = [`${name}/mean`, `${name}/variance`] as const;
    const y = this.conv(x, layer, this.parameters.weights(layer));
    const ours = { axes: [0, 2, 3], keepdims: 1 };
    this.file.node('ReduceMean', [y], mean, ours, [mean]);
    const centered = this.file.node('Sub', [y, mean], `${name}/centered`);
    const squares = this.file.node('Mul', [centered, centered], `${name}/squares`);
    this.file.node('ReduceMean', [squares], variance, ours, [variance]);
    const epsilon = this.constant(`${name}/epsilon`, [1], Float32Array.of(EPSILON));
    const deviation = this.file.node(
      'Sqrt',
      [this.file.node('Add', [variance, epsilon], `${name}/add`)],
      `${name}/sqrt`,
    );
    const unit = this.file.node('Div', [centered, deviation], `${name}/unit`);
    const dims = [outputs, 1, 1];
    const [scale, shift] = [rawTensor(`${name}/gamma`, dims, gamma), rawTensor(`${name}/beta`, dims, beta)];
    const scaled = this.file.node('Mul', [unit, this.file.initializer(scale)], `${name}/scaled`);
    const shifted = this.file.node('Add', [scaled, this.file.initializer(shift)], `${name}/shifted`);
    for (const moment of [mean, variance]) this.file.output(moment, 'FLOAT', [1, outputs, 1, 1]);
    this.layers.push(name);
    return this.file.node('Relu', [shifted], `${name}/Relu`);
  }
}
