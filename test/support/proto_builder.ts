/** Writes ONNX models for tests, with onnx-proto's encoder. */
import onnxProto, { type onnx } from 'onnx-proto';
import type { DataType } from '../../src/onnx/tensor_types.ts';

type Dims = readonly (number | string)[];
type Attribute = number | string | readonly number[] | readonly string[] | onnx.ITensorProto | ExplicitAttribute;
interface ExplicitAttribute {
  readonly attribute: onnx.IAttributeProto;
}

/** What `model` writes. Left out: opset 17, IR version 8, no initializers. */
export interface ModelParts {
  readonly nodes: readonly onnx.INodeProto[];
  /** Shapes by name (float32), or whole declarations, see `value`. */
  readonly inputs: Readonly<Record<string, Dims>> | readonly onnx.IValueInfoProto[];
  readonly outputs: Readonly<Record<string, Dims>> | readonly string[] | readonly onnx.IValueInfoProto[];
  readonly initializers?: readonly onnx.ITensorProto[];
  /** Declarations of intermediate values. */
  readonly values?: readonly onnx.IValueInfoProto[];
  /** The version of ONNX's own operators; 0 writes none. */
  readonly opset?: number;
  /** Versions of other operator sets, by domain. */
  readonly domains?: Readonly<Record<string, number>>;
  readonly irVersion?: number;
  /** More fields of the model, and of its graph. */
  readonly model?: onnx.IModelProto;
  readonly graph?: onnx.IGraphProto;
}

/** Encodes a model. */
export function model(parts: ModelParts): Uint8Array {
  const { opset = 17, irVersion = 8 } = parts;
  const opsets = Object.entries({ ...(opset ? { '': opset } : {}), ...parts.domains });
  const encoded = onnxProto.onnx.ModelProto.encode({
    irVersion,
    producerName: 'test',
    opsetImport: opsets.map(([domain, version]) => ({ domain, version })),
    graph: {
      name: 'graph',
      node: [...parts.nodes],
      input: declarations(parts.inputs),
      output: declarations(parts.outputs),
      initializer: [...(parts.initializers ?? [])],
      valueInfo: [...(parts.values ?? [])],
      ...parts.graph,
    },
    ...parts.model,
  }).finish();
  // Not a Buffer, whose `slice` does not copy.
  return new Uint8Array(encoded);
}

/** A node. Attributes: see `float` for the numbers that JavaScript cannot tell from integers. */
export function node(
  opType: string,
  inputs: readonly string[],
  outputs: readonly string[],
  attributes: Readonly<Record<string, Attribute>> = {},
  { name = '', domain = '' } = {},
): onnx.INodeProto {
  const attribute = Object.entries(attributes).map(([name, of]) => ({ name, ...encodeAttribute(of) }));
  return { opType, input: [...inputs], output: [...outputs], attribute, name, domain };
}

/** A float attribute; a plain number is one only when it is not whole. */
export function float(f: number): ExplicitAttribute {
  return { attribute: { type: 1, f } };
}

/** A list of floats as an attribute. */
export function floats(values: readonly number[]): ExplicitAttribute {
  return { attribute: { type: 6, floats: [...values] } };
}

/** A subgraph as an attribute. */
export function subgraph(g: onnx.IGraphProto): ExplicitAttribute {
  return { attribute: { type: 5, g } };
}

/** Declares a value. `shape` undefined: the rank is not told. */
export function value(name: string, shape?: Dims, type: DataType = 'float32'): onnx.IValueInfoProto {
  const dim = shape?.map((size) => (typeof size === 'number' ? { dimValue: size } : size ? { dimParam: size } : {}));
  return { name, type: { tensorType: { elemType: CODES[type], ...(dim ? { shape: { dim } } : {}) } } };
}

/**
 * A constant array; `data` are the numbers that it stands for.
 *
 * @param encoding `raw`: little endian bytes. `typed`: ONNX's field for the type, float16 as bit patterns in int32.
 */
export function tensor(
  name: string,
  shape: readonly number[],
  data: ArrayLike<number | bigint>,
  { type = 'float32', encoding = 'raw' }: { type?: DataType; encoding?: 'raw' | 'typed' } = {},
): onnx.ITensorProto {
  const header = { name, dims: [...shape], dataType: CODES[type] };
  if (encoding === 'raw') return { ...header, rawData: rawData(data, type) };
  const numbers = Array.from(data, Number);
  if (type === 'float32') return { ...header, floatData: numbers };
  if (type === 'float64') return { ...header, doubleData: numbers };
  if (type === 'int64') return { ...header, int64Data: Array.from(data, toLong) };
  if (type === 'uint64' || type === 'uint32') return { ...header, uint64Data: Array.from(data, toLong) };
  const patterns = type === 'float16' ? numbers.map(toHalf) : type === 'bfloat16' ? numbers.map(toBfloat) : numbers;
  return { ...header, int32Data: patterns };
}

/** A constant array in another file. `entries`: location, offset, length, checksum, as text. */
export function externalTensor(
  name: string,
  shape: readonly number[],
  entries: Readonly<Record<string, string | number>>,
  type: DataType = 'float32',
): onnx.ITensorProto {
  const externalData = Object.entries(entries).map(([key, value]) => ({ key, value: String(value) }));
  return { name, dims: [...shape], dataType: CODES[type], dataLocation: 1, externalData };
}

/** Encodes a tensor alone, as the `.pb` files of ONNX's node tests hold it. */
export function encodeTensor(of: onnx.ITensorProto): Uint8Array {
  return new Uint8Array(onnxProto.onnx.TensorProto.encode(of).finish());
}

/** ONNX's numbers for the element types. */
export const CODES: Readonly<Record<DataType, number>> = {
  float32: 1,
  uint8: 2,
  int8: 3,
  uint16: 4,
  int16: 5,
  int32: 6,
  int64: 7,
  string: 8,
  bool: 9,
  float16: 10,
  float64: 11,
  uint32: 12,
  uint64: 13,
  bfloat16: 16,
};

/** Little-endian bytes of numbers, as `raw_data` and external files hold them. */
export function rawData(data: ArrayLike<number | bigint>, type: DataType = 'float32'): Uint8Array {
  const bits = type === 'bool' ? 8 : Number(/\d+/.exec(type)![0]);
  const bytes = new Uint8Array((data.length * bits) / 8);
  const view = new DataView(bytes.buffer);
  const write: (at: number, value: number | bigint) => void =
    {
      float32: (at: number, v: number | bigint) => view.setFloat32(at, Number(v), true),
      float64: (at: number, v: number | bigint) => view.setFloat64(at, Number(v), true),
      float16: (at: number, v: number | bigint) => view.setUint16(at, toHalf(Number(v)), true),
      bfloat16: (at: number, v: number | bigint) => view.setUint16(at, toBfloat(Number(v)), true),
    }[type as 'float32'] ??
    ((at, v) => (bits === 64 ? writeWide(view, at, v) : writeNarrow(view, at, Number(v), bits)));
  for (let i = 0; i < data.length; i++) write((i * bits) / 8, data[i]!);
  return bytes;
}

/** The float16 nearest to a number, as its 16 bits; ties to even. */
export function toHalf(value: number): number {
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const size = Math.abs(value);
  if (Number.isNaN(value)) return 0x7e00;
  if (size >= 65520) return sign | 0x7c00;
  const exponent = Math.max(-14, Math.floor(Math.log2(size || 1e-30)));
  // Subnormals share the exponent of the smallest normal number; a mantissa that rounds up carries into it.
  const steps = roundToEven(size / 2 ** (exponent - 10));
  return sign | (exponent === -14 && steps < 1024 ? steps : ((exponent + 14) << 10) + steps);
}

function toBfloat(value: number): number {
  const [bits] = new Uint32Array(Float32Array.of(value).buffer);
  return (bits! + 0x7fff + ((bits! >>> 16) & 1)) >>> 16;
}

function roundToEven(value: number): number {
  const below = Math.floor(value);
  const rest = value - below;
  return rest > 0.5 || (rest === 0.5 && below % 2 === 1) ? below + 1 : below;
}

function writeWide(view: DataView, at: number, value: number | bigint): void {
  view.setBigInt64(at, BigInt.asIntN(64, BigInt(value)), true);
}

function writeNarrow(view: DataView, at: number, value: number, bits: number): void {
  for (let byte = 0; byte < bits / 8; byte++) view.setUint8(at + byte, (value >> (8 * byte)) & 255);
}

/** What protobufjs takes for a 64-bit integer, without naming its class. */
function toLong(value: number | bigint): Long {
  const big = BigInt(value);
  return { low: Number(BigInt.asIntN(32, big)), high: Number(BigInt.asIntN(32, big >> 32n)), unsigned: false } as Long;
}
type Long = Exclude<NonNullable<onnx.ITensorProto['int64Data']>[number], number>;

function encodeAttribute(of: Attribute): onnx.IAttributeProto {
  const utf8 = new TextEncoder();
  if (typeof of === 'string') return { type: 3, s: utf8.encode(of) };
  if (typeof of === 'number') return Number.isInteger(of) ? { type: 2, i: of } : { type: 1, f: of };
  if (!Array.isArray(of)) return 'attribute' in of ? (of as ExplicitAttribute).attribute : { type: 4, t: of as object };
  if (of.some((item) => typeof item === 'string')) return { type: 8, strings: of.map((item) => utf8.encode(item)) };
  return of.every(Number.isInteger) ? { type: 7, ints: [...of] } : { type: 6, floats: [...of] };
}

function declarations(of: ModelParts['outputs']): onnx.IValueInfoProto[] {
  if (!Array.isArray(of)) return Object.entries(of as Record<string, Dims>).map(([name, shape]) => value(name, shape));
  return of.map((one: string | onnx.IValueInfoProto) => (typeof one === 'string' ? value(one) : one));
}
