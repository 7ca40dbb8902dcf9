/** The element types: ONNX's numbers for them, and how a number of each is stored. */
import type { Reader } from 'protobufjs/minimal.js';
import { toNumber } from './proto.ts';
import type { DataType } from './tensor_types.ts';

/** How an element type is stored. */
export interface Element {
  readonly type: DataType;
  /** Bytes an element in raw and external data; 0: there is no such form. */
  readonly bytes: number;
  /** The field of TensorProto that holds the numbers where it is not raw data. */
  readonly field: number;
  /** Reads an element of raw data, little endian. */
  readonly read: (view: DataView, at: number) => number;
  /** Turns what the field holds into the number it stands for; left out: it is that number. */
  readonly convert?: (stored: number) => number;
}

const float16 = (bits: number) => halves()[bits & 0xffff]!;
const bfloat16 = (bits: number) => {
  pattern[0] = bits << 16;
  return patternValue[0]!;
};
const pattern = new Uint32Array(1);
const patternValue = new Float32Array(pattern.buffer);

/** The element types that can be decoded, by ONNX's number (TensorProto.DataType). */
export const ELEMENTS: Readonly<Record<number, Element>> = {
  1: { type: 'float32', bytes: 4, field: 4, read: (view, at) => view.getFloat32(at, true) },
  2: { type: 'uint8', bytes: 1, field: 5, read: (view, at) => view.getUint8(at) },
  3: { type: 'int8', bytes: 1, field: 5, read: (view, at) => view.getInt8(at) },
  4: { type: 'uint16', bytes: 2, field: 5, read: (view, at) => view.getUint16(at, true) },
  5: { type: 'int16', bytes: 2, field: 5, read: (view, at) => view.getInt16(at, true) },
  6: { type: 'int32', bytes: 4, field: 5, read: (view, at) => view.getInt32(at, true) },
  7: { type: 'int64', bytes: 8, field: 7, read: (view, at) => wide(view.getInt32(at + 4, true), view, at) },
  8: { type: 'string', bytes: 0, field: 6, read: () => Number.NaN },
  9: { type: 'bool', bytes: 1, field: 5, read: (view, at) => truth(view.getUint8(at)), convert: truth },
  10: { type: 'float16', bytes: 2, field: 5, read: (view, at) => float16(view.getUint16(at, true)), convert: float16 },
  11: { type: 'float64', bytes: 8, field: 10, read: (view, at) => view.getFloat64(at, true) },
  12: { type: 'uint32', bytes: 4, field: 11, read: (view, at) => view.getUint32(at, true) },
  13: { type: 'uint64', bytes: 8, field: 11, read: (view, at) => wide(view.getUint32(at + 4, true), view, at) },
  16: {
    type: 'bfloat16',
    bytes: 2,
    field: 5,
    read: (view, at) => bfloat16(view.getUint16(at, true)),
    convert: bfloat16,
  },
};

/** Names of the element types that can't be decoded. */
const OTHERS: Readonly<Record<number, string>> = {
  14: 'complex64',
  15: 'complex128',
  17: 'float8e4m3fn',
  18: 'float8e4m3fnuz',
  19: 'float8e5m2',
  20: 'float8e5m2fnuz',
  21: 'uint4',
  22: 'int4',
  23: 'float4e2m1',
};

/** Names an element type that `ELEMENTS` does not have. */
export function otherElement(code: number): string {
  return OTHERS[code] ?? `number ${code}`;
}

/** The fields of TensorProto that hold numbers: the shape is field 1. Field 6 holds strings. */
export const FIELDS: Readonly<
  Record<
    number,
    {
      /** Protobuf's wire type of a number that is not packed. */
      readonly wire: number;
      /** Bytes a number; 0: as many as it needs. */
      readonly bytes: number;
      readonly read: (reader: Reader) => number;
    }
  >
> = {
  1: { wire: 0, bytes: 0, read: (reader) => toNumber(reader.int64()) },
  4: { wire: 5, bytes: 4, read: (reader) => reader.float() },
  5: { wire: 0, bytes: 0, read: (reader) => reader.int32() },
  7: { wire: 0, bytes: 0, read: (reader) => toNumber(reader.int64()) },
  10: { wire: 1, bytes: 8, read: (reader) => reader.double() },
  11: { wire: 0, bytes: 0, read: (reader) => toNumber(reader.uint64()) },
};

/** Nearest number to a 64-bit integer: one rounding, since the product is exact. */
function wide(high: number, view: DataView, at: number): number {
  return high * 2 ** 32 + view.getUint32(at, true);
}

function truth(stored: number): number {
  return stored === 0 ? 0 : 1;
}

let table: Float32Array | undefined;

/** All float16 numbers by their bits: looking up is many times faster than computing powers. */
function halves(): Float32Array {
  table ??= Float32Array.from({ length: 2 ** 16 }, (_, bits) => {
    const sign = bits & 0x8000 ? -1 : 1;
    const exponent = (bits >> 10) & 31;
    const fraction = (bits & 1023) / 1024;
    if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
    return sign * (exponent ? (1 + fraction) * 2 ** (exponent - 15) : fraction * 2 ** -14);
  });
  return table;
}
