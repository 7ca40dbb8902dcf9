/** strided_copy: where numbers come from and go to, and what stays as it is. */
import { expect, test } from 'vitest';
import { stridesOf } from '../../../src/kernels/core/six_axes.ts';
import { type Copy, emitStridedCopy, joinAxes } from '../../../src/kernels/movement/strided_copy.ts';
import { indicesOf } from '../../reference/arrays.ts';
import { gpu, poisoned, run, upload } from '../../support/gpu.ts';
import { random } from '../../support/random.ts';

const dense = (extents: readonly number[]) => ({ first: 0, steps: stridesOf(extents) });

test.each<[string, Copy]>([
  ['one number', { extents: [], x: dense([]), y: dense([]) }],
  ['a vector around a workgroup', { extents: [257], x: dense([257]), y: dense([257]) }],
  ['a vector of vec4s around a workgroup', { extents: [1028], x: dense([1028]), y: dense([1028]) }],
  ['a vector from its middle on, vec4s', { extents: [8], x: { first: 4, steps: [1] }, y: { first: 12, steps: [1] } }],
  ['a vector from its middle on, vec2s', { extents: [8], x: { first: 2, steps: [1] }, y: { first: 12, steps: [1] } }],
  ['a vector from its middle on, floats', { extents: [8], x: { first: 4, steps: [1] }, y: { first: 13, steps: [1] } }],
  ['backwards', { extents: [37], x: { first: 36, steps: [-1] }, y: dense([37]) }],
  ['every third to every second', { extents: [37], x: { first: 1, steps: [3] }, y: { first: 2, steps: [2] } }],
  ['one number to many', { extents: [41], x: { first: 3, steps: [0] }, y: dense([41]) }],
  [
    'channels, vec4s',
    { extents: [7, 11, 8], x: { first: 4, steps: [132, 12, 1] }, y: { first: 8, steps: [220, 20, 1] } },
  ],
  [
    'channels, floats',
    { extents: [7, 11, 7], x: { first: 4, steps: [132, 12, 1] }, y: { first: 8, steps: [220, 20, 1] } },
  ],
  ['a turned matrix', { extents: [19, 17], x: { first: 0, steps: [1, 19] }, y: dense([19, 17]) }],
  ['three turned axes', { extents: [5, 4, 3], x: { first: 0, steps: [1, 5, 20] }, y: dense([5, 4, 3]) }],
  ['four turned axes', { extents: [5, 4, 3, 2], x: { first: 0, steps: [1, 5, 20, 60] }, y: dense([5, 4, 3, 2]) }],
  [
    'six turned axes',
    { extents: [2, 3, 2, 3, 2, 3], x: { first: 0, steps: [1, 2, 6, 12, 36, 72] }, y: dense([2, 3, 2, 3, 2, 3]) },
  ],
  [
    'six axes of vec4s, backwards',
    { extents: [2, 2, 2, 2, 2, 4], x: { first: 124, steps: [-4, -8, -16, -32, -64, 1] }, y: dense([2, 2, 2, 2, 2, 4]) },
  ],
])('%s', async (_, copy) => {
  const x = random(2000);
  const y = poisoned(2000);
  await run((emit) => emitStridedCopy(emit, { x: upload(x), y }, copy));
  const want = new Float32Array(2000).fill(Number.NaN);
  const at = ({ first, steps }: Copy['x'], index: number[]) => index.reduce((sum, i, k) => sum + i * steps[k]!, first);
  for (const index of indicesOf(copy.extents)) want[at(copy.y, index)] = x[at(copy.x, index)]!;
  expect(await gpu.readFloats(y)).toEqual(want);
});

test('a grid of two dimensions, past 65535 workgroups', async () => {
  const count = 65536 * 256 + 5;
  const y = poisoned(count);
  const copy = { extents: [count], x: { first: 0, steps: [0] }, y: { first: 0, steps: [1] } };
  await run((emit) => emitStridedCopy(emit, { x: upload(Float32Array.of(3)), y }, copy));
  const got = await gpu.readFloats(y);
  expect(got.findIndex((v) => v !== 3)).toBe(count);
});

test('axes are joined where both arrays have them side by side', () => {
  const extents = [2, 3, 4, 5];
  expect(joinAxes('test', { extents, x: dense(extents), y: dense(extents) })).toEqual([{ extent: 120, x: 1, y: 1 }]);
  expect(joinAxes('test', { extents, x: dense(extents), y: { first: 0, steps: [160, 40, 10, 1] } })).toEqual([
    { extent: 5, x: 1, y: 1 },
    { extent: 12, x: 5, y: 10 },
    { extent: 2, x: 60, y: 160 },
  ]);
});

test('an array that is too short is refused', async () => {
  const copy = { extents: [4, 4], x: { first: 1, steps: [8, 1] }, y: dense([4, 4]) };
  const refused = run((emit) => emitStridedCopy(emit, { x: upload(random(24)), y: poisoned(16) }, copy));
  await expect(refused).rejects.toThrowError("strided_copy: expected 'x' of 29 elements");
});
