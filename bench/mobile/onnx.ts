/** Layers of mobile networks in ONNX files, as exporters write them: convolution with bias, Clip, Add. */
import { samePads } from '../../src/graph/ops/conv/conv2d.ts';
import { floatTensor, type OnnxWriter, rawTensor } from '../inception/onnx_writer.ts';
import { outputsFirst } from '../rivals/onnx_files.ts';
import type { MobileLayer } from './architecture.ts';
import { type LayerWeights, weightShape } from './weights.ts';

/** Adds a layer on `x`, channels first. @returns the name of its result */
export function writeLayer(
  file: OnnxWriter,
  layer: MobileLayer,
  { w, bias }: LayerWeights,
  name: string,
  x: string,
  other?: string,
): string {
  const { kind, kernel, size, stride, inputs, outputs, activation } = layer;
  const shape = weightShape(layer);
  const weights = rawTensor(`${name}/w`, [outputs, shape[2]!, kernel, kernel], outputsFirst(w, shape[2]!, outputs));
  const operands = [x, file.initializer(weights), file.initializer(rawTensor(`${name}/bias`, [outputs], bias))];
  const pads = samePads([1, size, size, inputs], shape, stride);
  let y = file.node('Conv', operands, name, {
    ...{ kernel_shape: [kernel, kernel], strides: [stride, stride], pads },
    ...(kind === 'depthwise' && { group: outputs }),
  });
  if (other) y = file.node('Add', [other, y], `${name}/add`);
  if (activation === 'none') return y;
  if (activation === 'hard_swish') return file.node('HardSwish', [y], `${name}/hard_swish`);
  if (activation === 'relu') return file.node('Relu', [y], `${name}/relu`);
  const [low, high] = [0, 6].map((bound) => file.initializer(floatTensor(`${name}/${bound}`, [], [bound])));
  return file.node('Clip', [y, low!, high!], `${name}/clip`);
}
