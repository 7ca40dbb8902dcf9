import { describe, expect, test } from 'vitest';
import { decodeHeader, decodeSafetensors, encodeSafetensors } from '../../src/formats/safetensors.ts';
import { FormatError } from '../../src/runtime/errors.ts';
import { fromHalf, toHalf } from '../../src/util/float16.ts';
import { Random } from '../../src/util/random.ts';
import { random } from '../support/random.ts';
import { refusal } from '../support/refusal.ts';

const tensors = new Map([
  ['a', { shape: [2, 3], data: random(6, 1) }],
  ['b.weight', { shape: [5], data: random(5, 2) }],
]);
const metadata = { what: 'ever', ünïcode: '☃' };

describe('safetensors', () => {
  test('float32 comes back as it was', () => {
    const back = decodeSafetensors(encodeSafetensors({ tensors, metadata }), 'test');
    expect(back.metadata).toEqual(metadata);
    expect([...back.tensors]).toEqual([...tensors]);
  });

  test('float16 comes back rounded', () => {
    const file = encodeSafetensors({ tensors, metadata }, 'F16');
    const { data } = decodeSafetensors(file, 'test').tensors.get('a')!;
    for (const [i, v] of data.entries()) expect(Math.abs(v - tensors.get('a')!.data[i]!)).toBeLessThan(2 ** -11);
  });

  test('the layout is that of the format', () => {
    const file = encodeSafetensors({ tensors, metadata });
    const headerBytes = Number(new DataView(file.buffer).getBigUint64(0, true));
    const header = JSON.parse(new TextDecoder().decode(file.subarray(8, 8 + headerBytes)));
    expect(headerBytes % 8).toBe(0);
    expect(header['b.weight']).toEqual({ dtype: 'F32', shape: [5], data_offsets: [24, 44] });
    expect(file.length).toBe(8 + headerBytes + 44);
  });

  test('names that objects have by themselves are names like any other', () => {
    const names = ['__proto__', 'constructor', 'toString', 'hasOwnProperty'];
    const odd = new Map(names.map((name, i) => [name, { shape: [2], data: random(2, i + 1) }]));
    const texts = Object.fromEntries(names.map((name) => [name, `of ${name}`]));
    const back = decodeSafetensors(encodeSafetensors({ tensors: odd, metadata: texts }), 'test');
    expect([...back.tensors]).toEqual([...odd]);
    expect(Object.entries(back.metadata)).toEqual(Object.entries(texts));
    const plain = decodeSafetensors(encodeSafetensors({ tensors: odd, metadata: {} }), 'test').metadata;
    expect(plain.constructor).toBeUndefined();
  });

  test('a damaged file is a FormatError, whatever the damage', () => {
    const file = encodeSafetensors({ tensors, metadata });
    const random = new Random(3);
    for (let round = 0; round < 300; round++) {
      const damaged = file.slice(0, random.below(2) ? random.below(file.length) : file.length);
      if (damaged.length > 0) damaged[random.below(Math.min(damaged.length, 200))]! ^= 1 << random.below(8);
      try {
        decodeSafetensors(damaged, 'test');
      } catch (error) {
        expect((error as Error).name).toBe('FormatError');
      }
    }
    expect(() => decodeSafetensors(file.subarray(0, 100), 'w.safetensors')).toThrow(
      refusal('FormatError', 'w.safetensors', 'a header of 168 bytes', 'a header within 100 bytes'),
    );
    expect(() =>
      decodeSafetensors(file.subarray(0, file.length - 1), 'w.safetensors'),
    ).toThrowErrorMatchingInlineSnapshot(
      `[FormatError: w.safetensors: expected 'b.weight' within 43 bytes, got offsets 24,44 for F32 of shape [5] – is this a safetensors file, and complete?]`,
    );
  });
});

describe('the header alone', () => {
  const fileWith = (header: string) => {
    const bytes = new TextEncoder().encode(header);
    const file = new Uint8Array(8 + bytes.length + 16);
    file.set([bytes.length]);
    file.set(bytes, 8);
    return file;
  };

  test('tells of types that cannot be decoded', () => {
    const file = fileWith('{"ids":{"dtype":"I64","shape":[2],"data_offsets":[0,16]}}');
    expect(decodeHeader(file, 'test').entries.get('ids')).toEqual({ dtype: 'I64', shape: [2], data_offsets: [0, 16] });
    expect(() => decodeSafetensors(file, 'test')).toThrow("expected 'ids' as F32 or F16, got I64");
  });

  const entry = (start: number, end: number, shape = [(end - start) / 4], dtype = 'F32') =>
    JSON.stringify({ dtype, shape, data_offsets: [start, end] });

  test.each([
    ['null', 'a JSON object, got null'],
    ['[]', 'a JSON object'],
    ['3', 'a JSON object, got 3'],
    ['{"a":null}', "'a' with dtype, shape and data_offsets, got null"],
    ['{"a":{"shape":[1],"data_offsets":[9,5]}}', "'a' with dtype, shape and data_offsets"],
    ['{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,16]}}', "'a' with dtype, shape and data_offsets"],
    ['{"a":{"dtype":"F32","shape":[4],"data_offsets":["0","16"]}}', "'a' with dtype, shape and data_offsets"],
    ['{"a":{"dtype":"F32","shape":[4],"data_offsets":[0,16,16]}}', "'a' with dtype, shape and data_offsets"],
    [`{"a":${entry(0, 16, [4], 'F33')}}`, "'a' of a type of the format, got F33"],
    [`{"a":${entry(0, 16, [3])}}`, "'a' within 16 bytes, got offsets 0,16 for F32 of shape [3]"],
    [`{"a":${entry(0, 16, [2 ** 40, 2 ** 40, 2 ** 40])}}`, "'a' within 16 bytes"],
    [`{"a":${entry(0, 20)}}`, "'a' within 16 bytes"],
    // Overlaps would be copied again and again.
    [`{"a":${entry(0, 16)},"b":${entry(0, 16)}}`, "'b' to begin at byte 16, where the one before ends, got 0"],
    [`{"a":${entry(0, 8)},"b":${entry(4, 16)}}`, "'b' to begin at byte 8, where the one before ends, got 4"],
    [`{"a":${entry(0, 8)},"b":${entry(12, 16)}}`, "'b' to begin at byte 8, where the one before ends, got 12"],
    [`{"a":${entry(4, 16)}}`, "'a' to begin at byte 0, where the one before ends, got 4"],
    [`{"a":${entry(0, 12)}}`, '12 bytes behind the header, got 16'],
    [`{"a":${entry(0, 16)},"a":${entry(0, 16)}}`, "each key once, got 'a' twice"],
    [`{"a":${entry(0, 16)},"\\u0061":${entry(0, 16)}}`, "each key once, got 'a' twice"],
    [`{"__metadata__":{"x":"1","x":"2"},"a":${entry(0, 16)}}`, "each key once, got 'x' twice"],
    [`{"__metadata__":null,"a":${entry(0, 16)}}`, 'metadata as texts by name, got null'],
    [`{"__metadata__":["x"],"a":${entry(0, 16)}}`, 'metadata as texts by name, got ["x"]'],
    [`{"__metadata__":{"x":1},"a":${entry(0, 16)}}`, "metadata 'x' as a text, got 1"],
    [`{"__metadata__":{"x":null},"a":${entry(0, 16)}}`, "metadata 'x' as a text, got null"],
  ])('%s is a FormatError', (header, message) => {
    expect(() => decodeHeader(fileWith(header), 'test')).toThrow(FormatError);
    expect(() => decodeHeader(fileWith(header), 'test')).toThrow(message);
  });

  test('arrays may be named in any order, and one key may be in several objects', () => {
    const header = `{"b":${entry(8, 16)},"__metadata__":{"b":"a: {","dtype":"x"},"a":${entry(0, 8)},"none":${entry(8, 8)}}`;
    const { entries, metadata } = decodeHeader(fileWith(header), 'test');
    expect([...entries.keys()]).toEqual(['b', 'a', 'none']);
    expect({ ...metadata }).toEqual({ b: 'a: {', dtype: 'x' });
  });

  test('a header of more than 100 MB is refused before it is read', () => {
    const file = new Uint8Array(100_000_100);
    new DataView(file.buffer).setBigUint64(0, 100_000_001n, true);
    expect(() => decodeHeader(file, 'test')).toThrow('expected a header within 100000000 bytes');
  });

  test('a Git LFS pointer is named as one', () => {
    const pointer = `version https://git-lfs.github.com/spec/v1\noid sha256:${'0'.repeat(64)}\nsize 132735\n`;
    expect(() => decodeSafetensors(new TextEncoder().encode(pointer), 'w.safetensors')).toThrow(
      refusal('FormatError', 'w.safetensors', 'a Git LFS pointer', 'safetensors'),
    );
  });
});

describe('binary16', () => {
  test('every value comes back', () => {
    const others = Array.from({ length: 0x10000 }, (_, half) => half).filter((half) => {
      const value = fromHalf(half);
      return Number.isNaN(value) ? (toHalf(value) & 0x7fff) <= 0x7c00 : toHalf(value) !== half;
    });
    expect(others).toEqual([]);
  });

  test.each([
    [1 + 2 ** -11, 0x3c00], // a tie goes to even
    [1 + 3 * 2 ** -11, 0x3c02],
    [65504, 0x7bff],
    [65519, 0x7bff],
    [65520, 0x7c00],
    [2 ** -24, 1],
    [2 ** -25, 0],
    [3 * 2 ** -26, 1],
    [-0, 0x8000],
  ])('%d rounds to %d', (value, half) => {
    expect(toHalf(value)).toBe(half);
  });
});
