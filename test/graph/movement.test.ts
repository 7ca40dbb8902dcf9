/** Ops that move and combine arrays, ranks 1 to 6, through `compile`, against a plain reference. */
import { describe, expect, test } from 'vitest';
import { compile } from '../../src/graph/compile.ts';
import { type Node, type Shape, sizeOf } from '../../src/graph/node.ts';
import { input } from '../../src/graph/ops/core/input.ts';
import { binary, broadcastShape } from '../../src/graph/ops/elementwise/binary.ts';
import { unary } from '../../src/graph/ops/elementwise/unary.ts';
import { concat } from '../../src/graph/ops/movement/concat.ts';
import { expand } from '../../src/graph/ops/movement/expand.ts';
import { gather } from '../../src/graph/ops/movement/gather.ts';
import { pad } from '../../src/graph/ops/movement/pad.ts';
import { slice, sliceOp } from '../../src/graph/ops/movement/slice.ts';
import { transpose } from '../../src/graph/ops/movement/transpose.ts';
import { broadcastIndex, indicesOf, moved, offsetOf } from '../reference/arrays.ts';
import { expectClose } from '../reference/close.ts';
import { gpu, poisoned, run, upload } from '../support/gpu.ts';
import { random } from '../support/random.ts';
import { refusal } from '../support/refusal.ts';

/** The result of `build` on inputs of `shapes`, each filled by `random` with its place as the seed, from 1. */
async function resultOf(shapes: readonly Shape[], build: (...inputs: Node[]) => Node): Promise<Float32Array> {
  const y = build(...shapes.map((shape, i) => input(`x${i}`, shape)));
  const executable = await compile(gpu, { label: 'test', outputs: { y } });
  shapes.forEach((shape, i) => {
    executable.feed(`x${i}`, random(sizeOf(shape), i + 1));
  });
  executable.run();
  const result = await executable.read('y');
  executable.close();
  return result;
}

describe('transpose', () => {
  test.each<[Shape, number[]]>([
    [[5], [0]],
    [
      [7, 5],
      [1, 0],
    ],
    [
      [300, 257],
      [1, 0],
    ],
    [
      [2, 3, 4],
      [2, 0, 1],
    ],
    [
      [1, 3, 17, 19],
      [0, 2, 3, 1],
    ],
    [
      [2, 17, 19, 8],
      [0, 3, 1, 2],
    ],
    [
      [6, 5, 3, 2],
      [2, 3, 1, 0],
    ],
    [
      [2, 5, 3, 8],
      [1, 0, 2, 3],
    ],
    [
      [2, 3, 4, 5, 6],
      [4, 2, 0, 3, 1],
    ],
    [
      [2, 3, 1, 5, 2, 3],
      [5, 4, 3, 2, 1, 0],
    ],
    [
      [2, 3, 2, 5, 2, 4],
      [4, 3, 2, 1, 0, 5],
    ],
  ])('%j by %j', async (shape, perm) => {
    const got = await resultOf([shape], (x) => transpose(x, perm));
    const result = perm.map((axis) => shape[axis]!);
    const want = moved(random(sizeOf(shape)), shape, result, (index) =>
      shape.map((_, axis) => index[perm.indexOf(axis)]!),
    );
    expect(got).toEqual(Float32Array.from(want));
  });
});

describe('slice', () => {
  test.each<[Shape, number[], number[], number[]]>([
    [[1000], [3], [500], [1]],
    [[11], [10], [4], [-3]],
    [
      [4, 9],
      [1, 0],
      [3, 9],
      [1, 1],
    ],
    [
      [5, 7],
      [4, 6],
      [5, 7],
      [-1, -1],
    ],
    [
      [2, 5, 5, 12],
      [0, 0, 0, 4],
      [2, 5, 5, 8],
      [1, 1, 1, 1],
    ],
    [
      [2, 9, 9, 8],
      [0, 0, 1, 0],
      [2, 5, 4, 8],
      [1, 2, 2, 1],
    ],
    [
      [1, 5, 5, 3],
      [0, 1, 1, 1],
      [1, 3, 3, 1],
      [1, 1, 1, 1],
    ],
    [
      [3, 3, 3, 3, 3, 4],
      [2, 0, 2, 0, 2, 0],
      [2, 2, 2, 2, 2, 2],
      [-1, 2, -2, 1, -1, 2],
    ],
  ])('%j from %j, %j by %j', async (shape, starts, extents, steps) => {
    const got = await resultOf([shape], (x) => slice(x, starts, extents, steps));
    const want = moved(random(sizeOf(shape)), shape, extents, (index) =>
      index.map((i, k) => starts[k]! + i * steps[k]!),
    );
    expect(got).toEqual(Float32Array.from(want));
  });

  test.each([
    [{ stride: 12, first: 4 }, [0, 0, 0, 4], [2, 3, 5, 8]],
    [{ stride: 11, first: 3 }, [0, 0, 0, 1], [2, 3, 5, 7]],
    [{ stride: 8, first: 0 }, [0, 0, 0, 2], [2, 3, 5, 8]],
    [{ stride: 12, first: 8 }, [1, 1, 2, 8], [1, 2, 3, 4]],
  ])('into the channels %j of wider pixels', async (view, starts, shape) => {
    const from = [2, 3, 5, 12];
    const pixels = sizeOf(shape) / shape[3]!;
    const y = poisoned(pixels * view.stride);
    const x = upload(random(sizeOf(from)));
    const attrs = { starts, shape, steps: [1, 1, 1, 1] };
    await run((emit) => sliceOp.lower(emit, { inputs: [x], shapes: [from], output: y, shape, view }, attrs));
    const want = new Float32Array(pixels * view.stride).fill(Number.NaN);
    for (const index of indicesOf(shape)) {
      const [n, h, w, c] = index;
      const pixel = offsetOf(shape.slice(0, 3), [n!, h!, w!]);
      const source = offsetOf(
        from,
        index.map((i, k) => i + starts[k]!),
      );
      want[pixel * view.stride + view.first + c!] = random(sizeOf(from))[source]!;
    }
    expect(await gpu.readFloats(y, want.length)).toEqual(want);
  });
});

describe('expand', () => {
  test.each<[Shape, Shape]>([
    [[1], [1025]],
    [[], [2, 3]],
    [[3], [4, 3]],
    [[8], [5, 2, 8]],
    [
      [3, 1],
      [3, 5],
    ],
    [
      [2, 1, 3, 1],
      [2, 4, 3, 5],
    ],
    [
      [1, 4, 1, 8],
      [3, 4, 5, 8],
    ],
    [
      [2, 1, 3, 1, 2, 1],
      [2, 2, 3, 2, 2, 3],
    ],
  ])('%j to %j', async (shape, to) => {
    const got = await resultOf([shape], (x) => expand(x, to));
    const want = moved(random(sizeOf(shape)), shape, to, (index) => broadcastIndex(shape, index));
    expect(got).toEqual(Float32Array.from(want));
  });
});

describe('concat', () => {
  test.each<[number, Shape[]]>([
    [0, [[3], [1], [1021]]],
    [
      0,
      [
        [2, 3],
        [1, 3],
      ],
    ],
    [
      1,
      [
        [2, 3],
        [2, 5],
      ],
    ],
    [
      3,
      [
        [2, 3, 3, 4],
        [2, 3, 3, 8],
        [2, 3, 3, 12],
      ],
    ],
    [
      3,
      [
        [2, 3, 3, 3],
        [2, 3, 3, 6],
        [2, 3, 3, 4],
      ],
    ],
    [
      1,
      [
        [2, 1, 3, 5],
        [2, 4, 3, 5],
      ],
    ],
    [
      2,
      [
        [2, 1, 3, 2, 1, 4],
        [2, 1, 2, 2, 1, 4],
      ],
    ],
    [1, [[4, 2]]],
  ])('along axis %i of %j', async (axis, shapes) => {
    const got = await resultOf(shapes, (...inputs) => concat(inputs, axis));
    const whole = shapes[0]!.with(
      axis,
      shapes.reduce((sum, shape) => sum + shape[axis]!, 0),
    );
    const want = indicesOf(whole).map((index) => {
      let k = 0;
      let i = index[axis]!;
      while (i >= shapes[k]![axis]!) i -= shapes[k++]![axis]!;
      return random(sizeOf(shapes[k]!), k + 1)[offsetOf(shapes[k]!, index.with(axis, i))]!;
    });
    expect(got).toEqual(Float32Array.from(want));
  });

  test('of one array twice', async () => {
    const x = random(15);
    const want = [
      ...x.slice(0, 5),
      ...x.slice(0, 5),
      ...x.slice(5, 10),
      ...x.slice(5, 10),
      ...x.slice(10),
      ...x.slice(10),
    ];
    expect(await resultOf([[3, 5]], (a) => concat([a, a], 1))).toEqual(Float32Array.from(want));
  });
});

describe.each(['constant', 'edge', 'reflect'] as const)('pad, mode %s', (mode) => {
  const source = {
    constant: (i: number, extent: number) => (i >= 0 && i < extent ? i : -1),
    edge: (i: number, extent: number) => Math.min(Math.max(i, 0), extent - 1),
    reflect: (i: number, extent: number) => {
      if (extent === 1) return 0;
      let at = i;
      while (at < 0 || at >= extent) at = at < 0 ? -at : 2 * (extent - 1) - at;
      return at;
    },
  }[mode];

  test.each<[Shape, number[], number[]]>([
    [[5], [3], [4]],
    [[4], [8], [4]],
    [
      [1, 3],
      [2, 0],
      [3, 0],
    ],
    [
      [3, 4],
      [0, 2],
      [1, 0],
    ],
    [
      [2, 5, 4, 3],
      [0, 1, 2, 0],
      [0, 3, 1, 0],
    ],
    [
      [2, 5, 4, 8],
      [0, 1, 2, 0],
      [0, 3, 1, 0],
    ],
    [
      [1, 4, 4, 4],
      [0, 0, 0, 4],
      [0, 0, 0, 8],
    ],
    [
      [2, 3, 17, 19],
      [0, 0, 3, 3],
      [0, 0, 3, 3],
    ],
    [
      [2, 3, 4, 5, 3],
      [1, 0, 2, 0, 0],
      [0, 1, 0, 0, 2],
    ],
    [
      [2, 3, 2, 2, 3, 2],
      [1, 1, 1, 0, 2, 1],
      [0, 1, 1, 1, 0, 3],
    ],
    [
      [3, 3],
      [0, 0],
      [0, 0],
    ],
  ])('%j by %j and %j', async (shape, before, after) => {
    const got = await resultOf([shape], (x) => pad(x, before, after, mode, -2.5));
    const x = random(sizeOf(shape));
    const want = indicesOf(shape.map((extent, k) => before[k]! + extent + after[k]!)).map((index) => {
      const from = index.map((i, k) => source(i - before[k]!, shape[k]!));
      return from.includes(-1) ? -2.5 : x[offsetOf(shape, from)]!;
    });
    expect(got).toEqual(Float32Array.from(want));
  });
});

describe('gather', () => {
  test.each<[Shape, number, number[]]>([
    [[7], 0, [6, 0, 0, 3]],
    [[5, 8], 0, [4, 4, 1]],
    [[5, 8], 1, [7, 0, 3, 3, 2]],
    [[2, 3, 4, 12], 1, [0, 0, 1, 1, 2, 2]],
    [[2, 3, 4, 5], 2, [0, 0, 0, 1, 2, 2, 3, 3]],
    [[2, 2, 2, 3, 2, 2], 3, [2]],
  ])('of %j, axis %i, %j', async (shape, axis, indices) => {
    const got = await resultOf([shape], (x) => gather(x, axis, indices));
    const result = shape.with(axis, indices.length);
    const want = moved(random(sizeOf(shape)), shape, result, (index) => index.with(axis, indices[index[axis]!]!));
    expect(got).toEqual(Float32Array.from(want));
  });
});

test('two gathers of as many slices keep their own indices', async () => {
  const x = random(6);
  const got = await resultOf([[6]], (a) => concat([gather(a, 0, [0, 5]), gather(a, 0, [4, 1])], 0));
  expect(got).toEqual(Float32Array.of(x[0]!, x[5]!, x[4]!, x[1]!));
});

describe('binary broadcasts', () => {
  test.each<[Shape, Shape]>([
    [[5], [5]],
    [[], []],
    [[], [3, 5]],
    [[1025], [1]],
    [[3, 5], [5]],
    [[2, 3, 3, 8], [8]],
    [[8], [2, 3, 3, 8]],
    [[2, 3, 3, 7], [7]],
    [
      [2, 3, 4, 4],
      [3, 1, 1],
    ],
    [
      [3, 1, 1],
      [2, 3, 5, 3],
    ],
    [
      [2, 3, 5, 3],
      [2, 1, 1, 1],
    ],
    [
      [2, 3, 5, 3],
      [2, 3, 5, 1],
    ],
    [
      [2, 3, 5, 3],
      [2, 1, 1, 3],
    ],
    [
      [4, 1],
      [1, 5],
    ],
    [
      [4, 1, 3],
      [5, 1],
    ],
    [
      [2, 1, 3, 1, 2, 1],
      [1, 3, 1, 2, 1, 2],
    ],
    [[1, 1, 1], [5]],
  ])('%j and %j', async (a, b) => {
    const shape = broadcastShape(a, b);
    // Subtraction knows its operands apart.
    const got = await resultOf([a, b], (x, y) => binary('sub', x!, y!));
    const left = moved(random(sizeOf(a), 1), a, shape, (index) => broadcastIndex(a, index));
    const right = moved(random(sizeOf(b), 2), b, shape, (index) => broadcastIndex(b, index));
    expect(got).toEqual(Float32Array.from(left, (v, i) => v - right[i]!));
  });

  test('an array with itself', async () => {
    expect(await resultOf([[3, 7]], (x) => binary('mul', x, x))).toEqual(random(21).map((v) => v * v));
  });
});

test('unary functions are chained, with the parameters of ONNX where none are given', async () => {
  const got = await resultOf([[3, 1, 5, 7]], (x) =>
    unary('hard_sigmoid', unary('clip', unary('leaky_relu', x), { beta: 0.5 })),
  );
  const want = Array.from(random(105), (v) => 0.2 * Math.min(v < 0 ? 0.01 * v : v, 0.5) + 0.5);
  expectClose(got, want, { absolute: 1e-7 });
});

test('bounds of a clip may be infinite', async () => {
  const { POSITIVE_INFINITY: inf } = Number;
  const clips = (x: Node) => [unary('clip', x, { alpha: -inf }), unary('clip', x, { alpha: inf, beta: inf })];
  const got = await resultOf([[3]], (x) => concat(clips(unary('reciprocal', binary('sub', x, x))), 0));
  expect(got).toEqual(Float32Array.of(inf, inf, inf, inf, inf, inf));
  const largest = Math.fround(3.4028234663852886e38);
  const finite = await resultOf([[3]], (x) => concat(clips(x), 0));
  expect(finite).toEqual(Float32Array.of(...random(3), largest, largest, largest));
});

test('what does not fit is refused, with the values', () => {
  const x = input('x', [2, 3, 4]);
  const empty = input('x', [2, 0]);
  expect(() => transpose(x, [0, 2, 2])).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: transpose: expected the axes of [2, 3, 4] in some order, got [0, 2, 2]]`,
  );
  expect(() => transpose(empty, [1, 0])).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: transpose: expected extents of 1 or more, got [2, 0] – leave out empty arrays]`,
  );
  expect(() => slice(x, [0, 1, 0], [2, 3, 4])).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: slice: expected a range inside [2, 3, 4], got [2, 3, 4] from [0, 1, 0] by [1, 1, 1]]`,
  );
  expect(() => concat([x, input('z', [2, 4, 5])], 1)).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: concat: expected shapes that differ in axis 1 alone, got [2, 3, 4], [2, 4, 5]]`,
  );
  expect(() => pad(x, [0, 0, 0], [0, 0, 0], 'constant', -Infinity)).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: pad: expected a finite value, got -Infinity – take the largest or smallest float32]`,
  );
  expect(() => binary('add', x, input('z', [2, 4]))).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: broadcast: expected equal extents or 1 in each axis, got [2, 3, 4] and [2, 4] – reshape one]`,
  );
  expect(() => unary('exp', empty)).toThrow(refusal('ShapeError', 'unary', '[2, 0]', 'extents of 1 or more'));
  for (const [refused, where, got, expected] of [
    [
      () => transpose(input('x', [2, 2, 2, 2, 2, 2, 2]), [6, 5, 4, 3, 2, 1, 0]),
      'transpose',
      '[2, 2, 2, 2, 2, 2, 2]',
      'at most 6 axes',
    ],
    [
      () => slice(x, [0, 0, 1], [2, 3, 3], [1, 1, -1]),
      'slice',
      '[2, 3, 3] from [0, 0, 1] by [1, 1, -1]',
      'a range inside [2, 3, 4]',
    ],
    [() => slice(x, [0, 0], [2, 3]), 'slice', '[0, 0]', '3 whole starts'],
    [() => slice(x, [0, 0, 0], [2, 0, 4]), 'slice', '[2, 0, 4]', 'extents of 1 or more'],
    [() => expand(x, [2, 6, 4]), 'expand', '[2, 6, 4]', 'a shape that [2, 3, 4] can be repeated to'],
    [() => concat([x], 3), 'concat', '3', 'an axis of [2, 3, 4]'],
    [() => concat([], 0), 'concat', 'none', 'one input'],
    [() => concat([empty, empty], 0), 'concat', '[2, 0]', 'extents of 1 or more'],
    [() => pad(x, [0, -1, 0], [0, 0, 0]), 'pad', '[0, -1, 0] before and [0, 0, 0] after', '0 elements or more'],
    [() => gather(x, 1, [0, 3]), 'gather', '3', 'indices from 0 to 2 in axis 1'],
    [() => gather(x, 1, []), 'gather', '[0]', 'extents of 1 or more'],
    [() => gather(x, -1, [0]), 'gather', '-1', 'an axis of [2, 3, 4]'],
    [() => binary('add', x, empty), 'binary', '[2, 0]', 'extents of 1 or more'],
  ] as const) {
    expect(refused, `${where} of ${got}`).toThrow(refusal('ShapeError', where, got, expected));
  }
});

test('axes that lie like one count as one', async () => {
  const shape = [2, 2, 2, 2, 2, 2, 2, 2];
  const got = await resultOf([shape], (x) => transpose(x, [4, 5, 6, 7, 0, 1, 2, 3]));
  const want = moved(random(256), [16, 16], [16, 16], ([i, j]) => [j!, i!]);
  expect(got).toEqual(Float32Array.from(want));
});
