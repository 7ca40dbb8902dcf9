import { expect, test } from 'vitest';
import { emitSumSquares } from '../../../src/kernels/reduction/sum_squares.ts';
import { expectClose } from '../../reference/close.ts';
import { withGarbage } from '../../reference/padding.ts';
import { gpu, poisoned, run, upload } from '../../support/gpu.ts';
import { random } from '../../support/random.ts';

// 4099 is one more than a workgroup's chunk; 5,000,011 has more chunks than a workgroup has threads.
test.each([1, 3, 4, 5, 255, 1009, 4096, 4099, 100_003, 5_000_011])('the squared norm of %i numbers', async (count) => {
  const x = random(count, 5);
  const [y, again] = [poisoned(1), poisoned(1)];
  const buffer = upload(withGarbage(x));
  await run((emit) => {
    emitSumSquares(emit, { x: buffer, y }, { count, scale: 0.25 });
    emitSumSquares(emit, { x: buffer, y: again }, { count, scale: 0.25 });
  });
  const want = x.reduce((sum, value) => sum + (0.25 * value) ** 2, 0);
  const [got] = await gpu.readFloats(y, 1);
  expectClose([got!], [want], { relative: 1e-6 });
  expect((await gpu.readFloats(again, 1))[0], 'two runs agree to the bit').toBe(got);
});

test('the scale comes before the square, so that gradients of a large loss scale are no infinity', async () => {
  const y = poisoned(1);
  const x = upload(Float32Array.of(3 * 2 ** 100, 4 * 2 ** 100));
  await run((emit) => emitSumSquares(emit, { x, y }, { count: 2, scale: 2 ** -100 }));
  expect((await gpu.readFloats(y, 1))[0]).toBe(25);
});
