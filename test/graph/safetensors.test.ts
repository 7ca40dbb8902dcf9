import { describe, expect, test } from 'vitest';
import { Random } from '../../src/graph/random.ts';
import { decodeHeader, decodeSafetensors, encodeSafetensors, fromHalf, toHalf } from '../../src/graph/safetensors.ts';
import { FormatError } from '../../src/runtime/errors.ts';
import { random } from '../gpu.ts';

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
    expect(() => decodeSafetensors(file.subarray(0, 100), 'w.safetensors')).toThrowErrorMatchingInlineSnapshot(
      `[FormatError: w.safetensors: expected a header within 100 bytes, got a header of 168 bytes – is this a safetensors file, and complete?]`,
    );
    expect(() =>
      decodeSafetensors(file.subarray(0, file.length - 1), 'w.safetensors'),
    ).toThrowErrorMatchingInlineSnapshot(
      `[FormatError: w.safetensors: expected 'b.weight' within 43 bytes, got offsets 24,44 for shape [5] – is this a safetensors file, and complete?]`,
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

  test.each(['null', '3', '{"a":null}', '{"a":{"shape":[1],"data_offsets":[9,5]}}', '{"a":{"shape":[-1]}}'])(
    '%s is a FormatError',
    (header) => {
      expect(() => decodeHeader(fileWith(header), 'test')).toThrow(FormatError);
    },
  );
});

describe('binary16', () => {
  test('every value comes back', () => {
    for (let half = 0; half < 0x10000; half++) {
      const value = fromHalf(half);
      if (Number.isNaN(value)) expect(toHalf(value) & 0x7fff).toBeGreaterThan(0x7c00);
      else expect(toHalf(value)).toBe(half);
    }
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
