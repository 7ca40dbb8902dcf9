/** TensorProto, the message: all but its numbers, and then those. What they mean is in tensor.ts. */
import { FormatError } from '../runtime/errors.ts';
import { FIELDS } from './elements.ts';
import { onnx, Reader } from './proto.ts';

const SHAPE = 1;
const STRINGS = 6;
const MAX_RANK = 32;
const MAX_EXTERNAL_ENTRIES = 16;

/** A tensor's message without its numbers. */
export interface Header {
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
 * Reads all but the numbers, which are counted.
 *
 * @throws FormatError for more axes or entries than there can be, and what `guard` replaces.
 */
export function readHeader(bytes: Uint8Array, where: string): Header {
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
    else if (field in FIELDS || field === STRINGS)
      counts.set(field, (counts.get(field) ?? 0) + countNumbers(reader, tag));
    else reader.skipType(tag & 7);
  }
  if ((counts.get(SHAPE) ?? 0) > MAX_RANK) throw tooMany('axes', MAX_RANK);
  const shape: number[] = [];
  readField(bytes, SHAPE, (extent) => shape.push(extent));
  return { name, code, shape, raw, counts, external: external ? entries : undefined };

  function tooMany(what: string, most: number): FormatError {
    return new FormatError({ where, expected: `at most ${most} ${what}`, got: 'more' });
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
export function readField(bytes: Uint8Array, field: number, take: (stored: number) => void): void {
  const reader = new Reader(bytes);
  const { read } = FIELDS[field]!;
  while (reader.pos < reader.len) {
    const tag = reader.tag();
    if (tag >>> 3 !== field) reader.skipType(tag & 7);
    else if ((tag & 7) !== 2) take(read(reader));
    else for (const packed = new Reader(reader.bytes()); packed.pos < packed.len; ) take(read(packed));
  }
}
