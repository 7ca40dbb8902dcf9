import { expect, test } from 'vitest';
import { ema } from '../../../src/kernels/optimizer/ema.ts';
import { expectClose } from '../../reference/close.ts';
import { isGarbage, withGarbage } from '../../reference/padding.ts';
import { gpu, run, upload } from '../../support/gpu.ts';
import { random } from '../../support/random.ts';

test.each([1, 3, 4, 5, 255, 256, 257, 1009, 1024, 1025])('ten steps over %i numbers', async (count) => {
  const start = random(count, 9);
  const average = upload(withGarbage(start));
  const want = Float64Array.from(start);
  for (let step = 1; step <= 10; step++) {
    const x = random(count, step);
    await run((emit) => emit.call(ema, { x: upload(withGarbage(x)), average }, { count, rest: 0.3 }));
    for (let i = 0; i < count; i++) want[i] = 0.7 * want[i]! + 0.3 * x[i]!;
  }
  const got = await gpu.readFloats(average);
  // Three roundings a step of numbers below 2, most of which fade away.
  expectClose(got.slice(0, count), want, { absolute: 5e-7 });
  expect(isGarbage(got, count), 'what lies behind stays').toBe(true);
});
