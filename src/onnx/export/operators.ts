/**
 * ONNX forms (opset 17) of the ops in the colorizer's graph. NHWC values become NCHW, HWIO weights OIHW.
 * Only ops whose ONNX form holds for every N, H and W are here: the file keeps them open.
 */

import { describe, isOp, type Node, type Op, type Shape } from '../../graph/node.ts';
import { type AnnealedMeanAttrs, annealedMeanOp } from '../../graph/ops/color/annealed_mean.ts';
import { BINS, BINS_PER_UNIT } from '../../graph/ops/color/color_classes.ts';
import { type Conv2dAttrs, conv2dOp } from '../../graph/ops/conv/conv2d.ts';
import { addOp } from '../../graph/ops/elementwise/add.ts';
import { biasAddOp } from '../../graph/ops/elementwise/bias_add.ts';
import { reluOp } from '../../graph/ops/elementwise/relu.ts';
import { tanhOp } from '../../graph/ops/elementwise/tanh.ts';
import { reshapeOp } from '../../graph/ops/movement/reshape.ts';
import { upsample2xOp } from '../../graph/ops/movement/upsample2x.ts';
import { FormatError } from '../../runtime/errors.ts';

export type Attribute = number | string | readonly number[];

/** What an op needs to write itself. Values go by their names in the file. */
export interface Writer {
  /** The value that stands for `node`. */
  value(node: Node): string;
  /** A parameter as a value: its axes in the order `perm`, then seen as `shape`. */
  weights(node: Node, perm?: readonly number[], shape?: Shape): string;
  floats(name: string, data: Float32Array, shape: Shape): string;
  integers(name: string, data: readonly number[]): string;
  /** Adds a node with one output. @returns the output */
  node(opType: string, inputs: readonly string[], attributes?: Readonly<Record<string, Attribute>>): string;
}

/** How an op is written. */
interface Operator {
  readonly name: string;
  /** Adds what computes `node`. @returns the output; nothing for a node of another op */
  write(writer: Writer, node: Node): string | undefined;
}

function form<A>(op: Op<A>, write: (writer: Writer, node: Node<A>) => string): Operator {
  return { name: op.name, write: (writer, node) => (isOp(node, op) ? write(writer, node) : undefined) };
}

const ACTIVATIONS = { relu: 'Relu', tanh: 'Tanh' } as const satisfies Record<
  Exclude<Conv2dAttrs['activation'], 'none' | 'relu6' | 'hard_swish'>,
  string
>;

export const operators: readonly Operator[] = [
  form(conv2dOp, convolution),
  form(addOp, (writer, { inputs: [a, b] }) => writer.node('Add', [writer.value(a!), writer.value(b!)])),
  form(biasAddOp, (writer, { inputs: [x, b] }) => addBias(writer, writer.value(x!), b!)),
  form(reluOp, (writer, { inputs: [x] }) => writer.node('Relu', [writer.value(x!)])),
  form(tanhOp, (writer, { inputs: [x] }) => writer.node('Tanh', [writer.value(x!)])),
  form(upsample2xOp, upsample),
  form(annealedMeanOp, meanOfClasses),
  form(reshapeOp, featuresToPixel),
];

function convolution(writer: Writer, node: Node<Conv2dAttrs>): string {
  const { strides, pads, activation, residual, firstChannel } = node.attrs;
  const [x, w, ...rest] = node.inputs;
  const added = residual ? rest.pop() : undefined;
  const [bias] = rest;
  if (firstChannel !== undefined || activation === 'relu6' || activation === 'hard_swish') {
    throw new FormatError({
      where: 'export',
      expected: 'conv2d of all channels of x with ReLU, tanh or nothing behind it',
      got: 'others',
      hint: 'fuse nothing else',
    });
  }
  const ownBias = bias?.shape.length === 1;
  const inputs = [writer.value(x!), writer.weights(w!, [3, 2, 0, 1]), ...(ownBias ? [writer.weights(bias)] : [])];
  // Explicit pads, not auto_pad: they are what the graph says, and for even sizes SAME means the same pads always.
  let y = writer.node('Conv', inputs, { kernel_shape: w!.shape.slice(0, 2), strides, pads });
  if (bias && !ownBias) y = addBias(writer, y, bias);
  if (added) y = writer.node('Add', [y, writer.value(added)]);
  return activation === 'none' ? y : writer.node(ACTIVATIONS[activation], [y]);
}

/** One bias for all images, or one for each. */
function addBias(writer: Writer, x: string, bias: Node): string {
  const [channels] = bias.shape;
  const b = bias.shape.length === 1 ? writer.weights(bias, [0], [channels!, 1, 1]) : writer.value(bias);
  return writer.node('Add', [x, b]);
}

function upsample(writer: Writer, { inputs: [x] }: Node): string {
  const scales = writer.floats('upsample2x.scales', Float32Array.of(1, 1, 2, 2), [4]);
  return writer.node('Resize', [writer.value(x!), '', scales], {
    mode: 'nearest',
    coordinate_transformation_mode: 'asymmetric',
    nearest_mode: 'floor',
  });
}

/** Softmax(z / T) over the classes, then the mean of their colors as a 1x1 convolution. */
function meanOfClasses(writer: Writer, { inputs: [logits], attrs }: Node<AnnealedMeanAttrs>): string {
  const { temperature } = attrs;
  const sharpness = writer.floats('classes.sharpness', Float32Array.of(1 / temperature), [1]);
  const shares = writer.node('Softmax', [writer.node('Mul', [writer.value(logits!), sharpness])], { axis: 1 });
  const along = (bin: number) => (bin - (BINS - 1) / 2) / BINS_PER_UNIT;
  const colors = Float32Array.from({ length: 2 * BINS ** 2 }, (_, i) =>
    i < BINS ** 2 ? along(Math.floor(i / BINS)) : along(i % BINS),
  );
  const weights = writer.floats('classes.colors', colors, [2, BINS ** 2, 1, 1]);
  return writer.node('Conv', [shares, weights], { kernel_shape: [1, 1] });
}

/** [N, C] to one pixel with C channels; any other reshape would mean other things in NHWC and NCHW. */
function featuresToPixel(writer: Writer, { inputs: [x], shape }: Node): string {
  const [n, channels] = x!.shape;
  if (x!.shape.length !== 2 || shape.join() !== `${n},1,1,${channels}`) {
    throw new FormatError({
      where: 'export',
      expected: 'a reshape of [N, C] to [N, 1, 1, C]',
      got: `${describe(x!.shape)} to ${describe(shape)}`,
    });
  }
  // 0 keeps N open.
  return writer.node('Reshape', [writer.value(x!), writer.integers(`pixel.${channels}`, [0, channels!, 1, 1])]);
}
