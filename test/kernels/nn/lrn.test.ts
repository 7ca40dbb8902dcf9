import { test } from 'vitest';
import { lrn } from '../../../src/kernels/nn/lrn.ts';
import { expectClose } from '../../reference/close.ts';
import { gpu, poisoned, run, upload } from '../../support/gpu.ts';
import { random } from '../../support/random.ts';

test.each([
  [1, 1, 0, 0],
  [3, 5, 1, 1],
  [7, 64, 2, 2],
  [85, 3, 1, 2],
  [64, 4, 2, 2],
  [2, 257, 300, 300],
])('%i pixels of %i channels, %i before and %i after', async (pixels, channels, before, after) => {
  const x = random(pixels * channels).map((v) => 3 * v);
  const y = poisoned(x.length);
  const params = { pixels, channels, before, after, scale: 0.3, beta: 0.75, bias: 1.5 };
  await run((emit) => emit.call(lrn, { x: upload(x), y }, params));
  const want = Array.from(x, (v, i) => {
    const c = i % channels;
    let squares = 0;
    for (let j = Math.max(0, c - before); j <= Math.min(channels - 1, c + after); j++) squares += x[i - c + j]! ** 2;
    return v / (1.5 + 0.3 * squares) ** 0.75;
  });
  // WGSL's pow is exp2(beta * log2(v)): 3 + 2 |beta * log2(v)| ulp, and the logarithm's own error.
  expectClose(await gpu.readFloats(y, x.length), want, { relative: 3e-6, absolute: 1e-7 });
});
