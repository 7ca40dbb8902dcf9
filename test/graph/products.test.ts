/** Products, reductions, softmax and lrn as graph nodes: through the compiler, and refused. */
import { describe, expect, test } from 'vitest';
import { type Node, type Shape, sizeOf } from '../../src/graph/node.ts';
import { input } from '../../src/graph/ops/core/input.ts';
import { lrn } from '../../src/graph/ops/nn/lrn.ts';
import { matmul } from '../../src/graph/ops/nn/matmul.ts';
import { type Reduction, reduce } from '../../src/graph/ops/reduction/reduce.ts';
import { softmax } from '../../src/graph/ops/reduction/softmax.ts';
import { ShapeError } from '../../src/runtime/errors.ts';
import { broadcastIndex, indicesOf, offsetOf } from '../reference/arrays.ts';
import { expectClose } from '../reference/close.ts';
import { evaluate, inputs } from '../support/evaluate.ts';
import { random } from '../support/random.ts';

describe('matmul', () => {
  /** numpy's rules in float64; 1-D operands have been promoted. */
  function product(a: Shape, b: Shape): number[] {
    const [xs, ws] = [random(sizeOf(a), 1), random(sizeOf(b), 2)];
    const rank = Math.max(a.length, b.length);
    const [left, right] = [a, b].map((shape) => [...Array(rank - shape.length).fill(1), ...shape] as number[]);
    const batch = left!.slice(0, -2).map((extent, axis) => Math.max(extent, right![axis]!));
    const [rows, inner, columns] = [left!.at(-2)!, left!.at(-1)!, right!.at(-1)!];
    return indicesOf([...batch, rows, columns]).map((index) => {
      const at = (shape: number[], matrix: number[]) =>
        offsetOf(shape, broadcastIndex(shape, [...index.slice(0, -2), ...matrix]));
      let sum = 0;
      for (let k = 0; k < inner; k++) sum += xs[at(left!, [index.at(-2)!, k])]! * ws[at(right!, [k, index.at(-1)!])]!;
      return sum;
    });
  }

  test.each<readonly [a: Shape, b: Shape, promotedA: Shape, promotedB: Shape, y: Shape]>([
    [
      [3, 5],
      [5, 7],
      [3, 5],
      [5, 7],
      [3, 7],
    ],
    [
      [1, 1536],
      [1536, 1001],
      [1, 1536],
      [1536, 1001],
      [1, 1001],
    ],
    [
      [5, 12],
      [12, 1001],
      [5, 12],
      [12, 1001],
      [5, 1001],
    ],
    [
      [2, 3, 4, 6],
      [6, 5],
      [2, 3, 4, 6],
      [6, 5],
      [2, 3, 4, 5],
    ],
    [
      [3, 4],
      [1, 1, 4, 2],
      [3, 4],
      [1, 1, 4, 2],
      [1, 1, 3, 2],
    ],
    [
      [3, 4],
      [5, 4, 2],
      [3, 4],
      [5, 4, 2],
      [5, 3, 2],
    ],
    [
      [2, 1, 3, 3, 4],
      [5, 1, 4, 8],
      [2, 1, 3, 3, 4],
      [5, 1, 4, 8],
      [2, 5, 3, 3, 8],
    ],
    [[6], [6], [1, 6], [6, 1], []],
    [[6], [2, 6, 3], [1, 6], [2, 6, 3], [2, 3]],
    [[2, 3, 6], [6], [2, 3, 6], [6, 1], [2, 3]],
  ])('%j times %j', async (a, b, promotedA, promotedB, shape) => {
    const [x, w] = inputs([a, b]);
    const y = matmul(x!, w!);
    expect(y.shape).toEqual(shape);
    expectClose(await evaluate(y, [a, b]), product(promotedA, promotedB), { absolute: 6e-8 * a.at(-1)! });
  });
});

describe('reduce', () => {
  test.each<readonly [Reduction, Shape, readonly number[], boolean, Shape]>([
    ['mean', [2, 8, 8, 12], [1, 2], false, [2, 12]],
    ['mean', [2, 5, 7, 3], [2, 1], true, [2, 1, 1, 3]],
    ['sum', [3, 4, 5, 6], [0, -1], true, [1, 4, 5, 1]],
    ['mean', [3, 4, 5, 6, 2], [0, 2, 4], false, [4, 6]],
    ['max', [3, 4, 5, 6], [-1, 1], false, [3, 5]],
    ['sum', [4, 5], [0, 1], false, []],
    ['max', [4, 5], [], true, [4, 5]],
  ])('%s of %j along %j', async (fn, shape, axes, keepDims, want) => {
    const y = reduce(fn, input('x0', shape), axes, keepDims);
    expect(y.shape).toEqual(want);
    const x = random(sizeOf(shape), 1);
    const left = shape.map((extent, axis) => (axes.includes(axis) || axes.includes(axis - shape.length) ? 1 : extent));
    const expected = new Float64Array(sizeOf(left)).fill(fn === 'max' ? Number.NEGATIVE_INFINITY : 0);
    for (const index of indicesOf(shape)) {
      const value = x[offsetOf(shape, index)]!;
      const at = offsetOf(left, broadcastIndex(left, index));
      expected[at] = fn === 'max' ? Math.max(expected[at]!, value) : expected[at]! + value;
    }
    const scale = fn === 'mean' ? sizeOf(left) / sizeOf(shape) : 1;
    expectClose(
      await evaluate(y, [shape]),
      expected.map((v) => v * scale),
      { absolute: fn === 'max' ? 0 : 5e-6 * scale },
    );
  });
});

test.each([0, 1, 2, -1])('softmax along axis %i', async (axis) => {
  const shape = [3, 4, 5];
  const y = await evaluate(softmax(input('x0', shape), axis), [shape]);
  const powers = Float64Array.from(random(60, 1), Math.exp);
  const along = axis < 0 ? axis + 3 : axis;
  const key = (i: number) => [Math.floor(i / 20), Math.floor(i / 5) % 4, i % 5].with(along, 0).join();
  const sums: Record<string, number> = {};
  powers.forEach((v, i) => {
    sums[key(i)] = (sums[key(i)] ?? 0) + v;
  });
  expectClose(
    y,
    powers.map((v, i) => v / sums[key(i)]!),
    { relative: 1e-6 },
  );
});

test('lrn of an even size has one channel more behind', async () => {
  const y = await evaluate(lrn(input('x0', [1, 1, 2, 3]), { size: 2, alpha: 4, beta: 1, bias: 1 }), [[1, 1, 2, 3]]);
  const x = random(6, 1);
  const want = [...x].map((v, i) => v / (1 + 2 * (v * v + (i % 3 === 2 ? 0 : x[i + 1]! ** 2))));
  expectClose(y, want, { relative: 2e-6 });
});

describe('what does not fit is refused, with the values', () => {
  const x = input('x', [2, 7, 6, 4]);
  test.each<readonly [string, () => Node]>([
    ['reduce: expected different axes of [2, 7, 6, 4], got [4]', () => reduce('mean', x, [4], false)],
    ['reduce: expected different axes of [2, 7, 6, 4], got [1, 1]', () => reduce('mean', x, [1, -3], false)],
    ['softmax: expected an axis of [2, 7, 6, 4], got -1', () => softmax(x, -5)],
    ['lrn: expected a size from 1 to 2^30, got 0', () => lrn(x, { size: 0, alpha: 1, beta: 1, bias: 1 })],
    [
      'lrn: expected alpha ≥ 0, bias > 0 and a finite beta, got 1, 0 and 1',
      () => lrn(x, { size: 3, alpha: 1, beta: 1, bias: 0 }),
    ],
    [
      'matmul: expected as many rows of b as columns of a, got a [2, 3] and b [4, 3]',
      () => matmul(input('a', [2, 3]), input('b', [4, 3])),
    ],
    [
      'matmul: expected at most three batch axes, equal or 1 on one side, got a [2, 4, 3] and b [3, 3, 4]',
      () => matmul(input('a', [2, 4, 3]), input('b', [3, 3, 4])),
    ],
    ['matmul: expected two arrays of matrices, got [] and [3, 3]', () => matmul(input('a', []), input('b', [3, 3]))],
  ])('%s', (message, build) => {
    expect(build).toThrowError(new ShapeError(message));
  });
});
