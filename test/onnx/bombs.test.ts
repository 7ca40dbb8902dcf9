/** Models that would take far more memory than they are long. In a process of its own, as its memory is measured. */
import { expect, test } from 'vitest';
import { isModel, wrap } from '../support/untrusted_model.ts';

// Each pattern costs two to four bytes in the file, and hundreds in memory if it is decoded.
test.each<[string, number[], number[]]>([
  ['nodes', [7], [10, 0]],
  ['attributes', [7, 1], [42, 0]],
  ['lists of strings', [7, 1, 5], [74, 0]],
  ['tensors', [7], [42, 0]],
  ['unknown extents', [7, 11, 2, 1, 2], [10, 0]],
  ['functions', [], [0xca, 1, 0]],
  ['integers of an attribute', [7, 1, 5, 8], [1]],
])('10 MB of tiny %s', (_, path, pattern) => {
  const before = process.resourceUsage().maxRSS;
  const bomb = path.reduceRight(wrap, tiled(pattern, 1e7));
  expect(isModel(bomb, new Map())).toBe(false);
  expect((process.resourceUsage().maxRSS - before) / 1024).toBeLessThan(400);
});

function tiled(pattern: readonly number[], length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  for (let i = 0; i < length; i++) bytes[i] = pattern[i % pattern.length]!;
  return bytes;
}
