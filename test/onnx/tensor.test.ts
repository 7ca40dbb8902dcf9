/** Constant arrays: every encoding and element type, and data that does not match its shape. */
import { expect, test } from 'vitest';
import { decodeTensor } from '../../src/onnx/tensor.ts';
import type { DataType } from '../../src/onnx/tensor_types.ts';
import { CODES, encodeTensor, tensor, toHalf } from '../support/proto_builder.ts';

const decode = (of: Parameters<typeof encodeTensor>[0]) => decodeTensor(encodeTensor(of), 'test.pb');

/** Numbers that the type holds exactly, its limits among them. */
const exact: Readonly<Record<Exclude<DataType, 'string'>, readonly number[]>> = {
  float32: [0, -1.5, 2 ** -140, -(2 ** 127), 1 / 0, 0.1],
  float16: [0, -1.5, 65504, 2 ** -24, -(2 ** -14), 1023 * 2 ** -24, -1 / 0],
  bfloat16: [0, -1.5, 2 ** -130, 1.9921875, -1 / 0, 2 ** 127],
  float64: [0, -1.5, 2 ** -1000, 2 ** 120, 0.1],
  int64: [0, -1, 2 ** 31, -(2 ** 53) + 1, 2 ** 53 - 1, 127, 128],
  int32: [0, -1, 2 ** 31 - 1, -(2 ** 31), 300],
  int16: [0, -1, 32767, -32768],
  int8: [0, -1, 127, -128],
  uint8: [0, 1, 127, 128, 255],
  uint16: [0, 1, 65535],
  uint32: [0, 1, 2 ** 32 - 1, 2 ** 31],
  uint64: [0, 1, 2 ** 53 - 1, 2 ** 32],
  bool: [0, 1, 1, 0],
};
const cases = Object.entries(exact).flatMap(([type, numbers]) =>
  (['raw', 'typed'] as const).map((encoding) => ({ type: type as DataType, encoding, numbers })),
);

test.each(cases)('$type, $encoding', ({ type, encoding, numbers }) => {
  const shape = [1, numbers.length];
  const decoded = decode(tensor('w', shape, numbers, { type, encoding }));
  expect(decoded).toMatchObject({ name: 'w', type, shape, size: numbers.length });
  expect([...decoded.floats()]).toEqual(numbers.map(Math.fround));
  if (/float/.test(type)) expect(() => decoded.integers()).toThrow(`test.pb 'w': expected integers, got ${type}`);
  else expect(decoded.integers()).toEqual(numbers);
});

test.each(['raw', 'typed'] as const)('all float16 numbers, %s', (encoding) => {
  const bits = Array.from({ length: 2 ** 16 }, (_, i) => i);
  const header = { name: 'all', dims: [2 ** 16], dataType: CODES.float16 };
  const raw = new Uint8Array(Uint16Array.from(bits).buffer);
  const numbers = decode({ ...header, ...(encoding === 'raw' ? { rawData: raw } : { int32Data: bits }) }).floats();
  // The test's own rounding to float16 must lead back from each.
  const wrong = bits.filter((i) => !Number.isNaN(numbers[i]!) && toHalf(numbers[i]!) !== i);
  expect(wrong).toEqual([]);
  expect(numbers.filter(Number.isNaN)).toHaveLength(2 * 1023);
});

test('raw data at any alignment is copied, not aliased', () => {
  const message = encodeTensor(tensor('w', [3], [1, 2, 3]));
  for (let shift = 0; shift < 4; shift++) {
    const bytes = new Uint8Array(message.length + shift).subarray(shift);
    bytes.set(message);
    const decoded = decodeTensor(bytes, 'test.pb');
    const first = decoded.floats();
    first.fill(0);
    expect([...decoded.floats()]).toEqual([1, 2, 3]);
  }
});

test('fields of numbers that are not packed, or packed in pieces, and a tag order of their own', () => {
  const float = (x: number) => [...new Uint8Array(Float32Array.of(x).buffer)];
  const [dims, unpacked, packed, type] = [
    [8, 3],
    [0x25, ...float(1.5)],
    [0x22, 8, ...float(-2), ...float(3)],
    [16, 1],
  ];
  const decoded = decodeTensor(Uint8Array.from([unpacked, packed, type, dims].flat()), 'test.pb');
  expect([...decoded.floats()]).toEqual([1.5, -2, 3]);
  const varints = Uint8Array.from([10, 2, 2, 2, 16, 7, 56, 5, 58, 2, 0xac, 2, 56, 1, 56, 2].flat());
  expect(decodeTensor(varints, 'test.pb')).toMatchObject({ shape: [2, 2], type: 'int64' });
  expect(decodeTensor(varints, 'test.pb').integers()).toEqual([5, 300, 1, 2]);
});

test('scalars and empty arrays', () => {
  expect([...decode(tensor('', [], [0.17])).floats()]).toEqual([Math.fround(0.17)]);
  expect(decode(tensor('', [0], [], { type: 'int64' })).integers()).toEqual([]);
  expect(decode(tensor('', [3, 0, 2], [], { encoding: 'typed' })).floats()).toHaveLength(0);
});

test('the limits of int64 stand for the very end; other integers past 2^53 are refused', () => {
  for (const encoding of ['raw', 'typed'] as const) {
    const limits = [2n ** 63n - 1n, -(2n ** 63n), -(2n ** 63n) + 1n];
    const decoded = decode(tensor('ends', [3], limits, { type: 'int64', encoding }));
    expect(decoded.integers()).toEqual([2 ** 63, -(2 ** 63), -(2 ** 63)]);
    const past = decode(tensor('big', [1], [2n ** 53n + 1n], { type: 'int64', encoding }));
    expect(() => past.integers()).toThrow("test.pb 'big': expected integers within 2^53, got 9007199254740992");
    expect(past.floats()[0]).toBe(2 ** 53);
  }
});

test('strings have a size, and no numbers', () => {
  const stringData = ['a', ''].map((text) => new TextEncoder().encode(text));
  const decoded = decode({ name: 's', dims: [2], dataType: CODES.string, stringData });
  expect(decoded).toMatchObject({ type: 'string', size: 2 });
  expect(() => decoded.floats()).toThrow("test.pb 's': expected numbers, got strings");
});

const float32 = tensor('w', [2, 3], [1, 2, 3, 4, 5, 6]);
test.each<[string, Parameters<typeof encodeTensor>[0], string]>([
  ['too few bytes', { ...float32, dims: [7] }, 'expected 7 numbers of float32 for shape [7], got 24 bytes'],
  ['too many bytes', { ...float32, dims: [5] }, 'expected 5 numbers of float32 for shape [5], got 24 bytes'],
  ['part of a number', { ...float32, rawData: new Uint8Array(23) }, 'for shape [2,3], got 23 bytes'],
  ['no data', { name: 'w', dims: [2], dataType: 1 }, 'expected 2 numbers of float32 for shape [2], got 0 bytes'],
  ['too few typed', { name: 'w', dims: [3], dataType: 7, int64Data: [1, 300] }, 'for shape [3], got 2'],
  ['data twice', { ...float32, floatData: [1, 2, 3, 4, 5, 6] }, 'got them twice, raw and typed'],
  [
    'huge extents',
    { ...float32, dims: [2 ** 40, 2 ** 40] },
    'with less than 2^53 elements, got [1099511627776,1099511627776]',
  ],
  ['huge extent', { ...float32, dims: [2 ** 50] }, 'expected 1125899906842624 numbers of float32'],
  ['negative extent', { ...float32, dims: [-2, -3] }, 'expected extents from 0 on'],
  ['rank', { ...float32, dims: Array<number>(33).fill(1) }, 'expected at most 32 axes, got more'],
  [
    'int4',
    { name: 'w', dims: [2], dataType: 22, rawData: new Uint8Array(1) },
    'bool, float16, float64, uint32, uint64, bfloat16, got int4',
  ],
  ['unknown type', { name: 'w', dims: [2], dataType: 99 }, 'got number 99'],
])('%s: rejected', (_, of, message) => {
  const failure = expect.objectContaining({ name: 'FormatError', message: expect.stringContaining(message) });
  expect(() => decode(of)).toThrow(failure);
});
