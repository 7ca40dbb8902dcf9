/** where: each element of one array or the other, with and without repetition. */
import { expect, test } from 'vitest';
import { emitWhere } from '../../../src/kernels/elementwise/where.ts';
import { broadcastIndex, moved } from '../../reference/arrays.ts';
import { gpu, poisoned, run, upload } from '../../support/gpu.ts';
import { random } from '../../support/random.ts';

test.each([
  [[1], [1], [1]],
  [[1023], [1023], [1023]],
  [[1025], [1], [1025]],
  [[3, 5, 7], [5, 1], []],
  [[5, 1], [3, 1, 7], [7]],
])('condition %j, a %j, b %j', async (...shapes) => {
  const rank = Math.max(...shapes.map(({ length }) => length));
  const extents = Array.from({ length: rank }, (_, axis) =>
    Math.max(...shapes.map((shape) => shape[shape.length - rank + axis] ?? 1)),
  );
  const arrays = shapes.map((shape, i) =>
    random(
      shape.reduce((size, extent) => size * extent, 1),
      i + 1,
    ),
  );
  arrays[0] = arrays[0]!.map((v) => Number(v > 0));
  const count = extents.reduce((size, extent) => size * extent, 1);
  const y = poisoned(count);
  await run((emit) => emitWhere(emit, arrays.map(upload), shapes, { y, extents }));
  const got = await gpu.readFloats(y);
  const [condition, a, b] = arrays.map((array, i) =>
    moved(array, shapes[i]!, extents, (index) => broadcastIndex(shapes[i]!, index)),
  );
  expect(Array.from(got.slice(0, count))).toEqual(Array.from(condition!, (c, i) => (c ? a![i] : b![i])));
  expect(got.slice(count).every(Number.isNaN), 'what lies behind stays').toBe(true);
});
