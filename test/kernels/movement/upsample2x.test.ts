/** upsample2x and upsample2x_grad: the kernels that move pixels. */
import { describe, expect, test } from 'vitest';
import { widthFor } from '../../../src/kernels/core/vector_width.ts';
import { upsample2x } from '../../../src/kernels/movement/upsample2x.ts';
import { upsample2xGrad } from '../../../src/kernels/movement/upsample2x_grad.ts';
import { expectClose } from '../../reference/close.ts';
import { centralDifferences, dot } from '../../reference/gradient.ts';
import { gpu, poisoned, run, upload } from '../../support/gpu.ts';
import { random } from '../../support/random.ts';

type Shape = readonly [n: number, h: number, w: number, c: number];

const SHAPES: Shape[] = [
  [1, 1, 1, 1],
  [1, 3, 5, 1],
  [2, 5, 3, 2],
  [2, 4, 7, 3],
  [3, 2, 5, 4],
  [2, 3, 4, 6],
  [1, 2, 3, 257],
  [2, 7, 11, 64],
];

const at = ([, h, w, c]: Shape, n: number, y: number, x: number, k: number) => ((n * h + y) * w + x) * c + k;

/** [N, H, W, C] of `shape`, element by element. */
function build(shape: Shape, value: (n: number, y: number, x: number, k: number) => number): Float64Array {
  const result = new Float64Array(shape.reduce((a, b) => a * b));
  for (let n = 0; n < shape[0]; n++)
    for (let y = 0; y < shape[1]; y++)
      for (let x = 0; x < shape[2]; x++)
        for (let k = 0; k < shape[3]; k++) result[at(shape, n, y, x, k)] = value(n, y, x, k);
  return result;
}

const doubled = ([n, h, w, c]: Shape): Shape => [n, 2 * h, 2 * w, c];

function upsampleReference(shape: Shape, x: ArrayLike<number>): Float64Array {
  return build(doubled(shape), (n, h, w, k) => x[at(shape, n, Math.floor(h / 2), Math.floor(w / 2), k)]!);
}

const named = ([batch, height, width, channels]: Shape) => ({ batch, height, width, channels });

describe.each(SHAPES)('[%i, %i, %i, %i]', (...shape) => {
  const count = shape.reduce((a, b) => a * b);
  const vector = widthFor(shape[3]);

  test('upsample2x', async () => {
    const y = poisoned(4 * count);
    await run((emit) => emit.call(upsample2x, { x: upload(random(count)), y }, named(shape), { vector }));
    expect([...(await gpu.readFloats(y, 4 * count))]).toEqual([...upsampleReference(shape, random(count))]);
  });

  test('upsample2x_grad', async () => {
    const dx = poisoned(count);
    const dy = random(4 * count);
    await run((emit) => emit.call(upsample2xGrad, { dy: upload(dy), dx }, named(shape), { vector }));
    const want = build(shape, (n, h, w, k) => {
      const part = (i: number, j: number) => dy[at(doubled(shape), n, 2 * h + i, 2 * w + j, k)]!;
      return Math.fround(Math.fround(part(0, 0) + part(0, 1)) + Math.fround(part(1, 0) + part(1, 1)));
    });
    expect([...(await gpu.readFloats(dx, count))]).toEqual([...want]);
  });
});

test('upsample2x_grad is the derivative of upsample2x', async () => {
  const shape: Shape = [2, 3, 2, 3];
  const dy = random(4 * 36);
  const dx = poisoned(36);
  await run((emit) => emit.call(upsample2xGrad, { dy: upload(dy), dx }, named(shape), { vector: 'scalar' }));
  const want = centralDifferences((x) => dot(upsampleReference(shape, x), dy), random(36, 2));
  // Three roundings of sums below 4.
  expectClose(await gpu.readFloats(dx, 36), want, { absolute: 1e-6 });
});

test('a vector that does not divide the channels is refused', async () => {
  const x = upload(random(12));
  const call = run((emit) => emit.call(upsample2x, { x, y: poisoned(48) }, named([1, 2, 2, 3]), { vector: 'vec4' }));
  await expect(call).rejects.toThrowErrorMatchingInlineSnapshot(
    `[KernelError: width 'vec4': expected a multiple of 4 channels, got 3 – choose it by widthFor(channels)]`,
  );
});
