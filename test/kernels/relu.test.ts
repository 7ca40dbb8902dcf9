import { expect, test } from 'vitest';
import { relu } from '../../src/kernels/relu.ts';
import { gpu, poisoned, random, run, upload } from '../gpu.ts';

test.each([1, 3, 256, 257, 1009])('relu of %i elements', async (count) => {
  const data = random(count);
  const y = poisoned(count);
  await run((emit) => emit.call(relu, { x: upload(data), y }, { count }));
  expect(await gpu.readFloats(y, count)).toEqual(data.map((v) => Math.max(v, 0)));
});
