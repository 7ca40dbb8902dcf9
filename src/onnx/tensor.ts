/**
 * TensorProto: what is checked when a file is opened, and the numbers when they are asked for.
 *
 * A tensor keeps the bytes of its message, and walks them again for each `floats()`: nothing is held twice. The number
 * of elements in the data is compared with the shape before anything of that size is made.
 */
import { FormatError } from '../runtime/errors.ts';
import { ELEMENTS, type Element, FIELDS, otherElement } from './elements.ts';
import { externalBytes } from './external.ts';
import type { OnnxTensor } from './model.ts';
import { guard, onnx, Reader } from './proto.ts';

const SHAPE = 1;
const MAX_RANK = 32;
const MAX_EXTERNAL_ENTRIES = 16;
/** Shapes, axes, indices: as JavaScript numbers they are up to eight times larger than in the file. */
const MAX_INTEGERS = 2 ** 22;

/** A tensor's message without its numbers. */
interface Header {
  readonly name: string;
  readonly code: number;
  readonly shape: readonly number[];
  readonly raw: Uint8Array | undefined;
  /** Entries in each field of numbers or strings. */
  readonly counts: ReadonlyMap<number, number>;
  /** The entries that point to another file; undefined: the numbers are in this one. */
  readonly external: ReadonlyMap<string, string> | undefined;
}

/**
 * Decodes one tensor, such as a `.pb` file of ONNX's node tests. Its numbers stay encoded until they are asked for.
 *
 * @param where for messages: the file, and what the tensor is in it
 * @param files external data by location
 * @throws FormatError when it is damaged, of a type that is not decoded, or its data does not match its shape.
 */
export function decodeTensor(
  bytes: Uint8Array,
  where: string,
  files: ReadonlyMap<string, Uint8Array> = new Map(),
): OnnxTensor {
  const header = guard(where, () => readHeader(bytes, where));
  const element = ELEMENTS[header.code];
  if (!element) {
    const known = Object.values(ELEMENTS).map(({ type }) => type);
    throw new FormatError(`${where}: expected elements of ${known.join(', ')}, got ${otherElement(header.code)}`);
  }
  const size = sizeOf(header.shape, where);
  const count = header.counts.get(element.field) ?? 0;
  const raw = header.external
    ? externalBytes(header.external, files, where)
    : count === 0 && element.bytes
      ? (header.raw ?? new Uint8Array())
      : undefined;
  const found = raw ? raw.length / element.bytes : count;
  const both = !header.external && count > 0 && header.raw?.length;
  if (found !== size || both) {
    const got = both ? 'them twice, raw and typed' : raw ? `${raw.length} bytes` : `${count}`;
    const expected = `${size} numbers of ${element.type} for shape [${header.shape}]`;
    throw new FormatError(`${where}: expected ${expected}, got ${got} – fetch or export it again`);
  }
  return new StoredTensor(header, element, size, raw, bytes, where);
}

/** The location of a tensor's numbers in another file, if they are there. @throws FormatError when it is damaged. */
export function externalEntries(bytes: Uint8Array, where: string): ReadonlyMap<string, string> | undefined {
  return guard(where, () => readHeader(bytes, where)).external;
}

class StoredTensor implements OnnxTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly size: number;
  readonly #element: Element;
  readonly #raw: Uint8Array | undefined;
  readonly #message: Uint8Array;
  readonly #where: string;

  constructor(
    { name, shape }: Header,
    element: Element,
    size: number,
    raw: Uint8Array | undefined,
    message: Uint8Array,
    where: string,
  ) {
    this.name = name;
    this.shape = shape;
    this.size = size;
    this.#element = element;
    this.#raw = raw;
    this.#message = message;
    this.#where = where;
  }

  get type() {
    return this.#element.type;
  }

  floats(): Float32Array {
    if (this.type === 'string') throw new FormatError(`${this.#where}: expected numbers, got strings`);
    const numbers = new Float32Array(this.size);
    // Where WebGPU runs, float32 lies in memory as in the file.
    if (this.type === 'float32' && this.#raw) new Uint8Array(numbers.buffer).set(this.#raw);
    else this.#read(numbers);
    return numbers;
  }

  integers(): number[] {
    const { type } = this;
    if (!/^(u?int|bool)/.test(type)) throw new FormatError(`${this.#where}: expected integers, got ${type}`);
    if (this.size > MAX_INTEGERS)
      throw new FormatError(`${this.#where}: expected at most ${MAX_INTEGERS} integers, got ${this.size}`);
    const numbers = new Array<number>(this.size);
    this.#read(numbers);
    const inexact = numbers.find((number) => !Number.isSafeInteger(number) && Math.abs(number) !== 2 ** 63);
    if (inexact === undefined) return numbers;
    throw new FormatError(`${this.#where}: expected integers within 2^53, got ${inexact}`);
  }

  #read(numbers: Float32Array | number[]): void {
    const { read, field, bytes, convert = (stored: number) => stored } = this.#element;
    if (this.#raw) {
      const { buffer, byteOffset, byteLength } = this.#raw;
      const view = new DataView(buffer, byteOffset, byteLength);
      for (let i = 0; i < this.size; i++) numbers[i] = read(view, i * bytes);
    } else {
      let i = 0;
      const take = (stored: number) => {
        numbers[i++] = convert(stored);
      };
      guard(this.#where, () => readField(this.#message, field, take));
    }
  }
}

/** The product of a shape. @throws FormatError for negative extents, and past 2^53. */
function sizeOf(shape: readonly number[], where: string): number {
  const size = shape.includes(0) ? 0 : shape.reduce((product, extent) => product * extent, 1);
  if (shape.every((extent) => Number.isSafeInteger(extent) && extent >= 0) && Number.isSafeInteger(size)) return size;
  throw new FormatError(`${where}: expected extents from 0 on with less than 2^53 elements, got [${shape}]`);
}

function readHeader(bytes: Uint8Array, where: string): Header {
  const reader = new Reader(bytes);
  const entries = new Map<string, string>();
  const counts = new Map<number, number>();
  let name = '';
  let code = 0;
  let raw: Uint8Array | undefined;
  let external = false;
  while (reader.pos < reader.len) {
    const tag = reader.tag();
    const field = tag >>> 3;
    if (field === 2) code = reader.int32();
    else if (field === 8) name = reader.string();
    else if (field === 9) raw = reader.bytes();
    else if (field === 13) {
      const { key, value } = onnx.StringStringEntryProto.decode(reader, reader.uint32());
      if (entries.set(key, value).size > MAX_EXTERNAL_ENTRIES) throw tooMany('external_data', MAX_EXTERNAL_ENTRIES);
    } else if (field === 14) external = reader.int32() === 1;
    else if (field in FIELDS || field === 6) counts.set(field, (counts.get(field) ?? 0) + countNumbers(reader, tag));
    else reader.skipType(tag & 7);
  }
  if ((counts.get(SHAPE) ?? 0) > MAX_RANK) throw tooMany('axes', MAX_RANK);
  const shape: number[] = [];
  readField(bytes, SHAPE, (extent) => shape.push(extent));
  return { name, code, shape, raw, counts, external: external ? entries : undefined };

  function tooMany(what: string, most: number): FormatError {
    return new FormatError(`${where}: expected at most ${most} ${what}, got more`);
  }
}

/** Skips one entry of a field of numbers or strings, and counts what is in it: as many as `readField` reads. */
function countNumbers(reader: Reader, tag: number): number {
  const field = tag >>> 3;
  const wire = tag & 7;
  const { wire: single, bytes } = FIELDS[field] ?? { wire: 2, bytes: 0 };
  if (wire === single) {
    reader.skipType(wire);
    return 1;
  }
  if (wire !== 2) throw new RangeError(`wire type ${wire} in field ${field}`);
  const content = reader.bytes();
  if (bytes ? content.length % bytes : content.length && content.at(-1)! > 127)
    throw new RangeError(`half a number at the end of field ${field}`);
  if (bytes) return content.length / bytes;
  // Each varint has one byte below 128, its last.
  let count = 0;
  for (let i = 0; i < content.length; i++) if (content[i]! < 128) count++;
  return count;
}

/** Calls `take` with the numbers of one field, packed or not, in their order. */
function readField(bytes: Uint8Array, field: number, take: (stored: number) => void): void {
  const reader = new Reader(bytes);
  const { read } = FIELDS[field]!;
  while (reader.pos < reader.len) {
    const tag = reader.tag();
    if (tag >>> 3 !== field) reader.skipType(tag & 7);
    else if ((tag & 7) !== 2) take(read(reader));
    else for (const packed = new Reader(reader.bytes()); packed.pos < packed.len; ) take(read(packed));
  }
}
