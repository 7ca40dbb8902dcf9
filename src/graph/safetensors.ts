/**
 * The safetensors format: an 8-byte length, a JSON header, the tensors' bytes. float32 and float16, little endian.
 * Source: https://github.com/huggingface/safetensors (README, "Format").
 */
import { FormatError } from '../runtime/errors.ts';
import { sizeOf } from './node.ts';
import type { Tensors } from './parameters.ts';

/** What the header says of one array. */
export interface TensorEntry {
  /** `F32`, `F16`, `BF16`, `I64`, … */
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data_offsets: readonly [start: number, end: number];
}

/** A file's header, and the bytes that it describes. */
export interface SafetensorsHeader {
  readonly entries: ReadonlyMap<string, TensorEntry>;
  readonly metadata: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

export interface Safetensors {
  readonly tensors: Tensors;
  readonly metadata: Readonly<Record<string, string>>;
}

const BYTES = { F32: 4, F16: 2 } as const;
type DType = keyof typeof BYTES;

/** The file that holds `tensors`, stored as `dtype`, and `metadata`. */
export function encodeSafetensors({ tensors, metadata }: Safetensors, dtype: DType = 'F32'): Uint8Array<ArrayBuffer> {
  const header: Record<string, unknown> = { __metadata__: metadata };
  let end = 0;
  for (const [name, { shape }] of tensors) {
    const start = end;
    end += sizeOf(shape) * BYTES[dtype];
    header[name] = { dtype, shape, data_offsets: [start, end] };
  }
  const json = new TextEncoder().encode(JSON.stringify(header));
  // The format asks for tensors that start at a multiple of 8, and for spaces as padding.
  const headerBytes = Math.ceil(json.length / 8) * 8;
  const file = new Uint8Array(8 + headerBytes + end).fill(0x20, 8, 8 + headerBytes);
  const view = new DataView(file.buffer);
  view.setBigUint64(0, BigInt(headerBytes), true);
  file.set(json, 8);
  let offset = 8 + headerBytes;
  for (const { data } of tensors.values()) {
    if (dtype === 'F32') file.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), offset);
    else for (let i = 0; i < data.length; i++) view.setUint16(offset + 2 * i, toHalf(data[i]!), true);
    offset += data.length * BYTES[dtype];
  }
  return file;
}

/** @throws FormatError for a file that is cut short or damaged, or that holds other types. `name` is for messages. */
export function decodeSafetensors(file: Uint8Array, name: string): Safetensors {
  const { entries, metadata, body } = decodeHeader(file, name);
  const tensors = new Map<string, { shape: readonly number[]; data: Float32Array }>();
  for (const [key, { dtype, shape, data_offsets }] of entries) {
    const bytes = BYTES[dtype as DType];
    if (!bytes) fail(name, `'${key}' as F32 or F16`, String(dtype));
    const [start, end] = data_offsets;
    if (end - start !== sizeOf(shape) * bytes) {
      fail(name, `'${key}' within ${body.length} bytes`, `offsets ${data_offsets} for shape [${shape}]`);
    }
    tensors.set(key, { shape, data: decodeFloats(new Uint8Array(body.subarray(start, end)), dtype as DType) });
  }
  return { tensors, metadata };
}

/** Reads the header alone, whatever the arrays' types. @throws FormatError where it is damaged, or the file cut short. */
export function decodeHeader(file: Uint8Array, name: string): SafetensorsHeader {
  if (file.length < 8) fail(name, 'at least 8 bytes', `${file.length}`);
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const headerBytes = Number(view.getBigUint64(0, true));
  if (headerBytes > file.length - 8) {
    fail(name, `a header within ${file.length} bytes`, `a header of ${headerBytes} bytes`);
  }
  let header: Record<string, TensorEntry | Record<string, string>>;
  try {
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(file.subarray(8, 8 + headerBytes)));
  } catch (cause) {
    return fail(name, 'a JSON header', (cause as Error).message);
  }
  if (typeof header !== 'object' || !header) return fail(name, 'a JSON object', String(header));
  const body = file.subarray(8 + headerBytes);
  const { __metadata__: metadata = {}, ...rest } = header;
  const entries = new Map(Object.entries(rest as Record<string, TensorEntry>));
  for (const [key, entry] of entries) {
    const { shape, data_offsets } = entry ?? {};
    const validShape = Array.isArray(shape) && shape.every((extent) => Number.isInteger(extent) && extent >= 0);
    const [start, end] = Array.isArray(data_offsets) ? data_offsets : [Number.NaN, Number.NaN];
    if (!(validShape && start >= 0 && start <= end && end <= body.length)) {
      fail(name, `'${key}' within ${body.length} bytes`, `offsets ${data_offsets} for shape [${shape}]`);
    }
  }
  return { entries, metadata: metadata as Record<string, string>, body };
}

function fail(name: string, expected: string, got: string): never {
  throw new FormatError(`${name}: expected ${expected}, got ${got} – is this a safetensors file, and complete?`);
}

function decodeFloats(bytes: Uint8Array, dtype: DType): Float32Array {
  // `bytes` is a copy, hence aligned.
  const { buffer } = bytes;
  return dtype === 'F32' ? new Float32Array(buffer) : Float32Array.from(new Uint16Array(buffer), fromHalf);
}

const floats = new Float32Array(1);
const bits = new Uint32Array(floats.buffer);

/** IEEE 754 binary16, rounded to nearest even. */
export function toHalf(value: number): number {
  floats[0] = value;
  const x = bits[0]!;
  const sign = (x >>> 16) & 0x8000;
  const magnitude = x & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00;
  if (magnitude >= 0x477ff000) return sign | 0x7c00; // rounds to 65536 or more
  if (magnitude < 0x38800000) {
    // Subnormal: a multiple of 2^-24. Adding 0.5 lets float32 arithmetic round to that.
    floats[0] = Math.abs(value) + 0.5;
    return sign | (bits[0]! - 0x3f000000);
  }
  const rounded = magnitude + 0xfff + ((magnitude >>> 13) & 1);
  return sign | ((rounded - 0x38000000) >>> 13);
}

export function fromHalf(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >>> 10) & 31;
  const fraction = half & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
