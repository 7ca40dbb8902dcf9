/** Writes ONNX files node by node: a thin layer over the generated encoder that names results and types attributes. */
import { writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import proto, { type onnx } from 'onnx-proto';
import protobuf from 'protobufjs/minimal.js';

const { AttributeProto, GraphProto, ModelProto, NodeProto, StringStringEntryProto, TensorProto } = proto.onnx;
const { AttributeType } = AttributeProto;
const { DataType } = TensorProto;

export type ElementType = 'FLOAT' | 'FLOAT16' | 'INT64';

/** A symbolic dimension is a string. */
export type Dimensions = readonly (number | string)[];

/** Marks a number as a floating-point attribute; bare numbers are integers. */
export const float = (value: number) => ({ float: value });

export type Attribute = number | string | readonly number[] | { readonly float: number } | onnx.ITensorProto;

export interface Header {
  readonly irVersion: number;
  readonly opset: number;
  readonly producer: string;
}

/** Metadata of nodes has its own field from IR version 10 on, which the encoder does not know. */
const NODE_METADATA = 9;
const MODEL_GRAPH = 7;
const GRAPH_NODE = 1;
const LENGTH_DELIMITED = 2;

export class OnnxWriter {
  private readonly header: Header;
  private readonly nodes: onnx.INodeProto[] = [];
  private readonly initializers: onnx.ITensorProto[] = [];
  private readonly inputs: onnx.IValueInfoProto[] = [];
  private readonly outputs: onnx.IValueInfoProto[] = [];
  private readonly values: onnx.IValueInfoProto[] = [];
  private readonly external: Uint8Array[] = [];
  private externalBytes = 0;

  constructor(header: Header) {
    this.header = header;
  }

  /** Adds a node and returns the name of its (first) result, which is the node's unless `outputs` says otherwise. */
  node(
    opType: string,
    inputs: readonly string[],
    name: string,
    attributes: Readonly<Record<string, Attribute>> = {},
    outputs: readonly string[] = [`${name}:0`],
  ): string {
    const attribute = Object.entries(attributes).map(([key, value]) => encodeAttribute(key, value));
    this.nodes.push({ opType, name, input: [...inputs], output: [...outputs], attribute });
    return outputs[0]!;
  }

  initializer(tensor: onnx.ITensorProto): string {
    this.initializers.push(tensor);
    return tensor.name!;
  }

  /** Moves a tensor's bytes to the file beside the model, at the next multiple of `alignment`. */
  externalInitializer(tensor: onnx.ITensorProto, alignment: number): string {
    const { rawData, ...rest } = tensor;
    const gap = -this.externalBytes & (alignment - 1);
    if (gap > 0) this.external.push(new Uint8Array(gap));
    const offset = this.externalBytes + gap;
    this.external.push(rawData!);
    this.externalBytes = offset + rawData!.length;
    // The location is known when the file's own name is.
    const externalData = [
      { key: 'offset', value: `${offset}` },
      { key: 'length', value: `${rawData!.length}` },
    ];
    return this.initializer({ ...rest, dataLocation: TensorProto.DataLocation.EXTERNAL, externalData });
  }

  input(name: string, type: ElementType, dimensions: Dimensions): string {
    this.inputs.push(valueInfo(name, type, dimensions));
    return name;
  }

  output(name: string, type: ElementType, dimensions: Dimensions): void {
    this.outputs.push(valueInfo(name, type, dimensions));
  }

  /** States the shape of a value between nodes. */
  value(name: string, type: ElementType, dimensions: Dimensions): void {
    this.values.push(valueInfo(name, type, dimensions));
  }

  /** Writes the model to `path`, and external tensors to `path`.data. */
  async write(path: string): Promise<void> {
    if (this.external.length > 0) await writeFile(`${path}.data`, this.external);
    await writeFile(path, this.encode(`${basename(path)}.data`));
  }

  encode(location = ''): Uint8Array {
    const { irVersion, opset, producer } = this.header;
    for (const { externalData } of this.initializers) externalData?.unshift({ key: 'location', value: location });
    const writer = protobuf.Writer.create();
    const opsetImport = [{ domain: '', version: opset }];
    ModelProto.encode({ irVersion, producerName: producer, producerVersion: '1', opsetImport }, writer);
    const { inputs: input, outputs: output, initializers: initializer, values } = this;
    writer.uint32(tag(MODEL_GRAPH)).fork();
    GraphProto.encode({ name: 'main_graph', input, output, initializer, valueInfo: values }, writer);
    for (const node of this.nodes) {
      NodeProto.encode(node, writer.uint32(tag(GRAPH_NODE)).fork());
      if (irVersion >= 10) {
        const entry = { key: 'namespace', value: `: InceptionResnetV2/${node.name}: ${node.opType}` };
        StringStringEntryProto.encode(entry, writer.uint32(tag(NODE_METADATA)).fork()).ldelim();
      }
      writer.ldelim();
    }
    return writer.ldelim().finish();
  }
}

function tag(field: number): number {
  return (field << 3) | LENGTH_DELIMITED;
}

function encodeAttribute(name: string, value: Attribute): onnx.IAttributeProto {
  if (typeof value === 'number') return { name, type: AttributeType.INT, i: value };
  if (typeof value === 'string') return { name, type: AttributeType.STRING, s: new TextEncoder().encode(value) };
  if ('float' in value) return { name, type: AttributeType.FLOAT, f: value.float };
  if ('dataType' in value) return { name, type: AttributeType.TENSOR, t: value };
  return { name, type: AttributeType.INTS, ints: [...(value as readonly number[])] };
}

function valueInfo(name: string, type: ElementType, dimensions: Dimensions): onnx.IValueInfoProto {
  const dim = dimensions.map((size) => (typeof size === 'string' ? { dimParam: size } : { dimValue: size }));
  return { name, type: { tensorType: { elemType: DataType[type], shape: { dim } } } };
}

const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView<ArrayBuffer>) =>
  new Uint8Array(buffer, byteOffset, byteLength);

/** A float32 tensor as little-endian bytes. */
export function rawTensor(name: string, dims: readonly number[], data: Float32Array<ArrayBuffer>): onnx.ITensorProto {
  return { name, dims: [...dims], dataType: DataType.FLOAT, rawData: bytesOf(data) };
}

/** A float32 tensor in its typed field. */
export function floatTensor(name: string, dims: readonly number[], data: ArrayLike<number>): onnx.ITensorProto {
  return { name, dims: [...dims], dataType: DataType.FLOAT, floatData: Array.from(data) };
}

/** A float16 tensor, rounded from float32: as bytes, or as bit patterns in the typed field where it is a single one. */
export function halfTensor(name: string, dims: readonly number[], data: Float32Array<ArrayBuffer>): onnx.ITensorProto {
  const half = toHalf(data);
  const common = { name, dims: [...dims], dataType: DataType.FLOAT16 };
  return half.length === 1 ? { ...common, int32Data: [...half] } : { ...common, rawData: bytesOf(half) };
}

/** An int64 tensor, as bytes. */
export function integerTensor(name: string, dims: readonly number[], data: readonly number[]): onnx.ITensorProto {
  const rawData = bytesOf(BigInt64Array.from(data, BigInt));
  return { name, dims: [...dims], dataType: DataType.INT64, rawData };
}

/** Rounds to the nearest float16, ties to even, and returns bit patterns. No number may be past 65504. */
function toHalf(data: Float32Array<ArrayBuffer>): Uint16Array<ArrayBuffer> {
  const half = new Uint16Array(data.length);
  const bits = new Uint32Array(data.buffer, data.byteOffset, data.length);
  for (let i = 0; i < data.length; i++) {
    const sign = (bits[i]! >>> 16) & 0x8000;
    const exponent = ((bits[i]! >>> 23) & 0xff) - 112;
    const magnitude = bits[i]! & 0x7fffffff;
    // Below 2⁻¹⁴ halves are multiples of 2⁻²⁴; above, a carry out of the mantissa runs into the exponent as it should.
    if (exponent <= 0) half[i] = sign | roundToEven(Math.abs(data[i]!) * 2 ** 24);
    else half[i] = sign | ((magnitude - (112 << 23) + 0xfff + ((magnitude >>> 13) & 1)) >>> 13);
  }
  return half;
}

function roundToEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  return rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? floor + 1 : floor;
}
