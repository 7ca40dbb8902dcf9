/**
 * The safetensors format: an 8-byte length, a JSON header, the tensors' bytes. float32 and float16, little endian.
 * Source: https://github.com/huggingface/safetensors (README, "Format").
 */

import { sizeOf } from '../graph/node.ts';
import type { Tensors } from '../graph/parameters.ts';
import { FormatError } from '../runtime/errors.ts';
import { isLfsPointer } from '../runtime/lfs_pointer.ts';
import { fromHalf, HALF_MAX, toHalf } from '../util/float16.ts';

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

/** Bits of an element, of all types of the format. */
const BITS: ReadonlyMap<string, number> = new Map(
  Object.entries({
    ...{ F4: 4, F6_E2M3: 6, F6_E3M2: 6, BOOL: 8, U8: 8, I8: 8, F8_E5M2: 8, F8_E4M3: 8, F8_E8M0: 8 },
    ...{ F8_E4M3FNUZ: 8, F8_E5M2FNUZ: 8, I16: 16, U16: 16, F16: 16, BF16: 16, I32: 32, U32: 32, F32: 32 },
    ...{ I64: 64, U64: 64, F64: 64, C64: 64 },
  }),
);
/** The format's limit for a header, bytes. */
const MOST_HEADER_BYTES = 100_000_000;

/** The file that holds `tensors`, stored as `dtype`, and `metadata`. */
export function encodeSafetensors({ tensors, metadata }: Safetensors, dtype: DType = 'F32'): Uint8Array<ArrayBuffer> {
  let end = 0;
  const entries = [...tensors].map(([name, { shape }]) => {
    const start = end;
    end += sizeOf(shape) * BYTES[dtype];
    return [name, { dtype, shape, data_offsets: [start, end] }] as const;
  });
  // Not by assignment, which would lose a tensor called __proto__.
  const header = Object.fromEntries<unknown>([['__metadata__', metadata], ...entries]);
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

/** Encodes a file in float16, or in float32 where a number is out of its range. */
export function encodeCompact(content: Safetensors): Uint8Array<ArrayBuffer> {
  const fits = [...content.tensors.values()].every(({ data }) => data.every((value) => Math.abs(value) <= HALF_MAX));
  return encodeSafetensors(content, fits ? 'F16' : 'F32');
}

/** @throws FormatError for a file that is cut short or damaged, or that holds other types. `name` is for messages. */
export function decodeSafetensors(file: Uint8Array, name: string): Safetensors {
  const { entries, metadata, body } = decodeHeader(file, name);
  const tensors = new Map<string, { shape: readonly number[]; data: Float32Array }>();
  for (const [key, { dtype, shape, data_offsets }] of entries) {
    if (dtype !== 'F32' && dtype !== 'F16') {
      throw new FormatError({
        where: name,
        expected: `'${key}' as F32 or F16`,
        got: dtype,
        hint: 'convert it to one of these',
      });
    }
    tensors.set(key, { shape, data: decodeFloats(new Uint8Array(body.subarray(...data_offsets)), dtype) });
  }
  return { tensors, metadata };
}

/**
 * Reads the header alone, whatever the arrays' types: they lie in the body one behind the other, without gap or overlap.
 *
 * @throws FormatError where it is not as the format demands, or the file cut short.
 */
export function decodeHeader(file: Uint8Array, name: string): SafetensorsHeader {
  if (isLfsPointer(file)) {
    throw new FormatError({
      where: name,
      expected: 'safetensors',
      got: 'a Git LFS pointer',
      hint: 'fetch the file itself: git lfs pull',
    });
  }
  if (file.length < 8) fail(name, 'at least 8 bytes', `${file.length}`);
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const headerBytes = Number(view.getBigUint64(0, true));
  if (headerBytes > Math.min(file.length - 8, MOST_HEADER_BYTES)) {
    fail(name, `a header within ${Math.min(file.length, MOST_HEADER_BYTES)} bytes`, `a header of ${headerBytes} bytes`);
  }
  const header = parseHeader(file.subarray(8, 8 + headerBytes), name);
  const body = file.subarray(8 + headerBytes);
  const { __metadata__: metadata, ...rest } = header;
  const entries = new Map<string, TensorEntry>();
  for (const [key, entry] of Object.entries(rest)) {
    if (!isEntry(entry)) {
      fail(name, `'${key}' with dtype, shape and data_offsets`, JSON.stringify(entry));
    }
    const { dtype, shape, data_offsets } = entry;
    const [start, end] = data_offsets;
    const bits = BITS.get(dtype);
    if (bits === undefined) fail(name, `'${key}' of a type of the format`, dtype);
    if (end > body.length || (end - start) * 8 !== sizeOf(shape) * bits) {
      fail(name, `'${key}' within ${body.length} bytes`, `offsets ${data_offsets} for ${dtype} of shape [${shape}]`);
    }
    entries.set(key, entry);
  }
  expectContiguous(entries, body.length, name);
  return { entries, metadata: metadataOf(metadata, name), body };
}

/** @throws FormatError for what is no JSON object, or has a key twice. */
function parseHeader(bytes: Uint8Array, name: string): Record<string, unknown> {
  let text: string;
  let header: unknown;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    header = JSON.parse(text);
  } catch (cause) {
    return fail(name, 'a JSON header', (cause as Error).message, cause);
  }
  if (!isObject(header)) return fail(name, 'a JSON object', String(header));
  const twice = duplicateKey(text);
  if (twice !== undefined) fail(name, 'each key once', `'${twice}' twice`);
  return header;
}

/** The first key that an object of valid JSON has twice: `JSON.parse` takes the last one without a word. */
function duplicateKey(json: string): string | undefined {
  const open: Set<string>[] = [];
  for (const [token, text] of json.matchAll(/("(?:[^"\\]|\\.)*")\s*:|"(?:[^"\\]|\\.)*"|[{}]/g)) {
    if (token === '{') open.push(new Set());
    else if (token === '}') open.pop();
    else if (text !== undefined) {
      const key = JSON.parse(text) as string;
      if (open.at(-1)!.has(key)) return key;
      open.at(-1)!.add(key);
    }
  }
  return undefined;
}

/** Whether an entry's parts are of the right types; what they say is another matter. */
function isEntry(entry: unknown): entry is TensorEntry {
  if (!isObject(entry)) return false;
  const { dtype, shape, data_offsets: offsets } = entry;
  const isCounts = (value: unknown): value is number[] =>
    Array.isArray(value) && value.every((each) => Number.isSafeInteger(each) && each >= 0);
  return typeof dtype === 'string' && isCounts(shape) && isCounts(offsets) && offsets.length === 2;
}

/** @throws FormatError unless the arrays cover the body, each byte once. */
function expectContiguous(entries: ReadonlyMap<string, TensorEntry>, bytes: number, name: string): void {
  let at = 0;
  const inOrder = [...entries].sort(
    ([, a], [, b]) => a.data_offsets[0] - b.data_offsets[0] || a.data_offsets[1] - b.data_offsets[1],
  );
  for (const [
    key,
    {
      data_offsets: [start, end],
    },
  ] of inOrder) {
    if (start !== at) fail(name, `'${key}' to begin at byte ${at}, where the one before ends`, `${start}`);
    at = end;
  }
  if (at !== bytes) fail(name, `${at} bytes behind the header`, `${bytes}`);
}

/** @throws FormatError for anything but texts by name. */
function metadataOf(metadata: unknown, name: string): Record<string, string> {
  // Without a prototype: there is nothing in it but what the file says.
  const texts: Record<string, string> = Object.create(null);
  if (metadata === undefined) return texts;
  if (!isObject(metadata)) return fail(name, 'metadata as texts by name', JSON.stringify(metadata));
  for (const [key, value] of Object.entries(metadata)) {
    if (typeof value !== 'string') fail(name, `metadata '${key}' as a text`, JSON.stringify(value));
    texts[key] = value;
  }
  return texts;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function fail(name: string, expected: string, got: string, cause?: unknown): never {
  const short = got.length > 200 ? `${got.slice(0, 200)}…` : got;
  throw new FormatError(
    { where: name, expected, got: short, hint: 'is this a safetensors file, and complete?' },
    { cause },
  );
}

function decodeFloats(bytes: Uint8Array, dtype: DType): Float32Array {
  // `bytes` is a copy, hence aligned.
  const { buffer } = bytes;
  return dtype === 'F32' ? new Float32Array(buffer) : Float32Array.from(new Uint16Array(buffer), fromHalf);
}
