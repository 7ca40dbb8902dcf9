/** Writes a graph with its weights as an ONNX file: IR 8, opset 17, float32. Not for training graphs. */
import { describe, isOp, type Node, reachable, type Shape, sizeOf } from '../../graph/node.ts';
import { inputOp, nameOf, parameterOp } from '../../graph/ops/core/input.ts';
import type { Tensors } from '../../graph/parameters.ts';
import { fuseConv2d } from '../../graph/passes/fuse_conv2d.ts';
import { FormatError } from '../../runtime/errors.ts';
import { onnx } from '../proto.ts';
import { type Attribute, operators, type Writer } from './operators.ts';

export const EXPORT_OPSET = 17;
export const EXPORT_IR_VERSION = 8;

/** Extents by axis; a name stands for any extent. */
export type Dimensions = readonly (number | string)[];

export interface OnnxExport {
  readonly name: string;
  /** For people, about what goes in and comes out. */
  readonly description: string;
  readonly outputs: Readonly<Record<string, Node>>;
  readonly weights: Tensors;
  /** The file's shape of each input and output: [N, C, H, W] where the graph has [N, H, W, C]. */
  readonly dimensions: Readonly<Record<string, Dimensions>>;
  readonly metadata: Readonly<Record<string, string>>;
}

/**
 * Encodes the graph that computes `outputs`.
 *
 * @throws FormatError for an op that has no form here, dimensions that contradict the graph, or weights that are missing,
 *   of another shape, or not finite.
 */
export function encodeOnnx(file: OnnxExport): Uint8Array {
  const names = Object.keys(file.outputs);
  const outputs = fuseConv2d(Object.values(file.outputs));
  const nodes = reachable(outputs);
  const writer = new GraphWriter(file.weights);
  const inputs = nodes.filter((node) => isOp(node, inputOp));
  for (const node of nodes) if (!isOp(node, inputOp) && !isOp(node, parameterOp)) writer.add(node);
  names.forEach((name, i) => {
    writer.nameOutput(name, outputs[i]!);
  });
  const info = (name: string, node: Node) => valueInfo(name, dimensionsOf(name, node.shape, file.dimensions[name]));
  return onnx.ModelProto.encode({
    irVersion: EXPORT_IR_VERSION,
    opsetImport: [{ domain: '', version: EXPORT_OPSET }],
    producerName: 'koalarize',
    docString: file.description,
    metadataProps: Object.entries(file.metadata).map(([key, value]) => ({ key, value })),
    graph: {
      name: file.name,
      node: writer.nodes,
      initializer: [...writer.initializers.values()],
      input: inputs.map((node) => info(nameOf(node), node)),
      output: names.map((name, i) => info(name, outputs[i]!)),
    },
  }).finish();
}

class GraphWriter implements Writer {
  readonly nodes: onnx.INodeProto[] = [];
  readonly initializers = new Map<string, onnx.ITensorProto>();
  readonly #weights: Tensors;
  readonly #values = new Map<Node, string>();

  constructor(weights: Tensors) {
    this.#weights = weights;
  }

  add(node: Node): void {
    for (const { write } of operators) {
      const value = write(this, node);
      if (value === undefined) continue;
      this.#values.set(node, value);
      return;
    }
    const known = operators.map(({ name }) => name).join(', ');
    throw new FormatError({
      where: 'export',
      expected: `a graph of ${known}`,
      got: `'${node.op.name}'`,
      hint: 'it has no ONNX form here',
    });
  }

  /** Gives the value of `node`, which nodes may read, its name in the file. */
  nameOutput(name: string, node: Node): void {
    const old = this.value(node);
    for (const each of this.nodes) {
      each.input = each.input!.map((input) => (input === old ? name : input));
      each.output = each.output!.map((output) => (output === old ? name : output));
    }
    this.#values.set(node, name);
  }

  value(node: Node): string {
    if (isOp(node, inputOp)) return nameOf(node);
    const name = this.#values.get(node);
    if (name === undefined)
      throw new FormatError({ where: 'export', expected: 'a computed value', got: `'${node.op.name}'` });
    return name;
  }

  weights(node: Node, perm: readonly number[] = node.shape.map((_, axis) => axis), shape?: Shape): string {
    if (!isOp(node, parameterOp)) {
      throw new FormatError({
        where: 'export',
        expected: 'weights as a parameter',
        got: `the result of '${node.op.name}'`,
      });
    }
    const name = nameOf(node);
    const tensor = this.#weights.get(name);
    if (tensor?.shape.join() !== node.shape.join()) {
      const got = tensor ? describe(tensor.shape) : 'none';
      throw new FormatError({ where: 'weights', expected: `'${name}' of shape ${describe(node.shape)}`, got });
    }
    if (!tensor.data.every(Number.isFinite)) {
      throw new FormatError({
        where: 'weights',
        expected: `finite numbers in '${name}'`,
        got: 'NaN or infinity',
        hint: 'are they whole?',
      });
    }
    const turned = perm.map((axis) => node.shape[axis]!);
    return this.floats(name, permuted(tensor.data, node.shape, perm), shape ?? turned);
  }

  floats(name: string, data: Float32Array, shape: Shape): string {
    return this.#initializer(name, onnx.TensorProto.DataType.FLOAT, data, shape);
  }

  integers(name: string, data: readonly number[]): string {
    return this.#initializer(name, onnx.TensorProto.DataType.INT64, BigInt64Array.from(data, BigInt), [data.length]);
  }

  node(opType: string, inputs: readonly string[], attributes: Readonly<Record<string, Attribute>> = {}): string {
    const name = `${opType.toLowerCase()}_${this.nodes.length}`;
    const attribute = Object.entries(attributes).map(([key, value]) => attributeProto(key, value));
    this.nodes.push({ name, opType, input: [...inputs], output: [name], attribute });
    return name;
  }

  #initializer(name: string, dataType: number, data: Float32Array | BigInt64Array, shape: Shape): string {
    const rawData = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    this.initializers.set(name, { name, dataType, dims: [...shape], rawData });
    return name;
  }
}

/** The array with its axes in another order. */
function permuted(data: Float32Array, shape: Shape, perm: readonly number[]): Float32Array {
  const strides = shape.map((_, axis) => sizeOf(shape.slice(axis + 1)));
  const out = new Float32Array(data.length);
  let next = 0;
  const walk = (depth: number, from: number): void => {
    if (depth === perm.length) {
      out[next++] = data[from]!;
      return;
    }
    const axis = perm[depth]!;
    for (let i = 0; i < shape[axis]!; i++) walk(depth + 1, from + i * strides[axis]!);
  };
  walk(0, 0);
  return out;
}

function attributeProto(name: string, value: Attribute): onnx.IAttributeProto {
  const { AttributeType } = onnx.AttributeProto;
  if (typeof value === 'string') return { name, type: AttributeType.STRING, s: new TextEncoder().encode(value) };
  if (typeof value === 'number') return { name, type: AttributeType.INT, i: value };
  return { name, type: AttributeType.INTS, ints: [...value] };
}

function dimensionsOf(name: string, shape: Shape, dimensions: Dimensions | undefined): Dimensions {
  const turned = shape.length === 4 ? [0, 3, 1, 2].map((axis) => shape[axis]!) : shape;
  const fits =
    dimensions?.length === turned.length && dimensions.every((d, i) => typeof d === 'string' || d === turned[i]);
  if (!fits) {
    throw new FormatError({
      where: 'export',
      expected: `dimensions of '${name}' like ${describe(turned)}`,
      got: `[${dimensions}]`,
    });
  }
  return dimensions;
}

function valueInfo(name: string, dimensions: Dimensions): onnx.IValueInfoProto {
  const dim = dimensions.map((d) => (typeof d === 'string' ? { dimParam: d } : { dimValue: d }));
  return { name, type: { tensorType: { elemType: onnx.TensorProto.DataType.FLOAT, shape: { dim } } } };
}
