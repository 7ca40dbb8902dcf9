/**
 * The passes that imported networks need, on a small inception block as an ONNX file has it: channels first, batch norm
 * as factors and summands, a residual scale, branches that are concatenated.
 */
import { describe, expect, test } from 'vitest';
import { compile, optimize } from '../../src/graph/compile.ts';
import { ConstantStore } from '../../src/graph/constants.ts';
import { apply, attrsKey, type Node, reachable, type Shape, sizeOf } from '../../src/graph/node.ts';
import { convDirect } from '../../src/graph/ops/conv/conv_direct.ts';
import { type Conv2dAttrs, conv2dOp } from '../../src/graph/ops/conv/conv2d.ts';
import { input } from '../../src/graph/ops/core/input.ts';
import { tensor } from '../../src/graph/ops/core/tensor.ts';
import { add } from '../../src/graph/ops/elementwise/add.ts';
import { biasAdd } from '../../src/graph/ops/elementwise/bias_add.ts';
import { binary } from '../../src/graph/ops/elementwise/binary.ts';
import { relu } from '../../src/graph/ops/elementwise/relu.ts';
import { unary } from '../../src/graph/ops/elementwise/unary.ts';
import { concat } from '../../src/graph/ops/movement/concat.ts';
import { gather } from '../../src/graph/ops/movement/gather.ts';
import { pad } from '../../src/graph/ops/movement/pad.ts';
import { reshape } from '../../src/graph/ops/movement/reshape.ts';
import { slice } from '../../src/graph/ops/movement/slice.ts';
import { transpose } from '../../src/graph/ops/movement/transpose.ts';
import { averagePool, maxPool } from '../../src/graph/ops/nn/pool.ts';
import { reduce } from '../../src/graph/ops/reduction/reduce.ts';
import { type PassName, passes } from '../../src/graph/passes/index.ts';
import { isFrozen } from '../../src/graph/rewrite.ts';
import { gpu } from '../support/gpu.ts';
import { random } from '../support/random.ts';

const all = Object.keys(passes) as PassName[];
let seed = 0;
const weights = (shape: Shape, name = `w${++seed}`) => {
  const own = ++seed;
  return tensor(name, shape, () => random(sizeOf(shape), own));
};

/** A convolution in ONNX's layout: x [N, C, H, W], w [O, I, KH, KW]. */
function convolution(x: Node, channels: number, [kh, kw]: readonly [number, number], stride = 1, padded = true): Node {
  const w = weights([channels, x.shape[1]!, kh, kw]);
  const [py, px] = padded ? [(kh - 1) / 2, (kw - 1) / 2] : [0, 0];
  const attrs: Conv2dAttrs = { strides: [stride, stride], pads: [py, px, py, px], activation: 'none' };
  return toNchw(apply(conv2dOp, [toNhwc(x), transpose(w, [2, 3, 1, 0])], attrs));
}
const toNhwc = (x: Node) => transpose(x, [0, 2, 3, 1]);
const toNchw = (x: Node) => transpose(x, [0, 3, 1, 2]);

/** Batch normalization as tf2onnx may leave it: one factor and one summand for each channel. */
function normalized(x: Node): Node {
  const c = x.shape[1]!;
  const factor = binary('div', weights([c, 1, 1]), unary('sqrt', unary('abs', weights([c, 1, 1]))));
  return binary('add', binary('mul', x, factor), weights([1, c, 1, 1]));
}
const unit = (x: Node, channels: number, kernel: readonly [number, number], stride = 1, padded = true) =>
  relu(normalized(convolution(x, channels, kernel, stride, padded)));

/** Two branches that start with a 1x1 convolution of x each; the second is `deep` convolutions long. */
function block(x: Node, deep: readonly (readonly [number, number])[]): Node {
  let branch = unit(x, 8, [1, 1]);
  for (const kernel of deep) branch = unit(branch, 12, kernel);
  const up = convolution(concat([unit(x, 16, [1, 1]), branch], 1), x.shape[1]!, [1, 1]);
  const biased = binary('add', up, weights([x.shape[1]!, 1, 1]));
  return relu(
    add(
      x,
      binary(
        'mul',
        biased,
        tensor('scale', [], () => Float32Array.of(0.17)),
      ),
    ),
  );
}

function reduction(x: Node): Node {
  const attrs = { kernel: [3, 3], strides: [2, 2], dilations: [1, 1], pads: [0, 0, 0, 0], outSize: [4, 5] };
  return concat([unit(x, 20, [3, 3], 2, false), toNchw(maxPool(toNhwc(x), attrs))], 1);
}

const image = input('image', [2, 3, 9, 11]);
const stem = unit(image, 24, [3, 3]);
const one = block(stem, [[3, 3]]);
const two = block(one, [
  [1, 7],
  [7, 1],
]);
const pooled = reduce('mean', reduction(two), [2, 3], true);
const network = reshape(pooled, [2, 44]);

async function values(outputs: Readonly<Record<string, Node>>, disablePasses: readonly PassName[]) {
  const executable = await compile(gpu, { label: 'test', outputs, disablePasses });
  executable.feed('image', random(sizeOf(image.shape), 77));
  executable.run();
  const results: Float32Array[] = [];
  for (const name of Object.keys(outputs)) results.push(await executable.read(name));
  const dispatches = executable.program.dispatches.map(({ label }) => label);
  executable.close();
  return { results, dispatches };
}

const outputs = { network, inside: two };
const plain = values(outputs, all);

function expectSame(got: readonly Float32Array[], want: readonly Float32Array[]): void {
  want.forEach((values, i) => {
    const scale = Math.max(...values.map(Math.abs));
    expect(scale).toBeGreaterThan(1e-3);
    const worst = values.reduce((max, v, at) => Math.max(max, Math.abs(v - got[i]![at]!)), 0);
    expect(worst / scale).toBeLessThan(2e-5);
  });
}

const opsOf = (results: readonly Node[]) =>
  reachable(results)
    .filter((node) => !isFrozen(node))
    .map((node) => node.op.name);

describe('every pass leaves an inception block as it is', () => {
  test.each(all)('%s alone', async (pass) => {
    const got = await values(
      outputs,
      all.filter((name) => name !== pass),
    );
    expectSame(got.results, (await plain).results);
  });

  test.each(all)('all but %s', async (pass) => {
    expectSame((await values(outputs, [pass])).results, (await plain).results);
  });

  test('all of them, with one dispatch for each merged convolution, pool and reduction', async () => {
    const got = await values({ network }, []);
    expectSame(got.results, [(await plain).results[0]!]);
    const convolutions = got.dispatches.filter((label) => /^conv2d_(block|channel|pointwise)/.test(label));
    // Stem, 3 + 4 in the blocks with siblings merged, and 1 before the pool.
    expect(convolutions).toHaveLength(1 + 3 + 4 + 1);
    const rest = got.dispatches.filter((label) => !/^conv2d_(block|channel|pointwise)/.test(label));
    // Channels first to last, padded to 4; the first block's copy of a branch; the pool; the mean.
    expect(rest.length).toBeLessThanOrEqual(7);
  });
});

test('sink_transposes leaves one transpose, at the input', () => {
  const without = all.filter((name) => name !== 'sinkTransposes' && name !== 'shareCommon');
  expect(opsOf(optimize([network], without)).filter((name) => name === 'transpose')).toHaveLength(1);
});

test('sink_transposes turns every op that it passes', async () => {
  const x = toNchw(relu(toNhwc(image)));
  const resized = gather(gather(x, 2, [0, 0, 4, 8]), 3, [10, 1, 1]);
  const cut = slice(pad(resized, [0, 1, 2, 0], [1, 0, 0, 3], 'edge', 0), [1, 1, 5, 4], [2, 3, 3, 2], [1, 1, -2, -1]);
  const joined = concat([cut, weights([2, 3, 2, 2])], 2);
  const sum = binary('sub', weights([1, 5, 1]), binary('mul', joined, joined));
  const outputs = { sum, kept: reduce('max', sum, [1, 3], true), dropped: reduce('mean', sum, [2], false) };
  expectSame((await values(outputs, [])).results, (await values(outputs, all)).results);
});

test('fold_affine leaves no factor, and fuse_conv2d takes in the residual and the ReLU', () => {
  const names = opsOf(optimize([network], ['mergeSiblings', 'concatInPlace', 'readRanges']));
  expect(names).not.toContain('binary');
  expect(names).not.toContain('add');
  expect(names).not.toContain('relu');
});

describe('fuse_conv2d', () => {
  const x = input('image', [2, 9, 11, 3]);
  const relu6 = (node: Node) => unary('clip', node, { alpha: 0, beta: 6 });
  const grouped = (node: Node, groups: number, bias = true) =>
    convDirect(node, weights([3, 3, 8 / groups, 8]), bias ? weights([8]) : undefined, {
      ...{ strides: [1, 1], dilations: [1, 1], pads: [1, 1, 1, 1], groups },
    });
  const scaled = (node: Node) => binary('sub', binary('mul', node, weights([8])), weights([1, 1, 8]));
  const expand = (node: Node) =>
    biasAdd(
      apply(conv2dOp, [node, weights([1, 1, node.shape[3]!, 8])], {
        ...{ strides: [1, 1], pads: [0, 0, 0, 0], activation: 'none' },
      }),
      weights([8]),
    );

  test.each([
    ['ReLU6 of conv2d', relu6(expand(x)), ['conv2d']],
    ['ReLU6 of depthwise', relu6(grouped(relu(expand(x)), 8)), ['conv2d', 'conv_direct']],
    ['hard-swish', unary('hard_swish', grouped(unary('hard_swish', expand(x)), 8)), ['conv2d', 'conv_direct']],
    ['ReLU of a group of channels', relu(grouped(relu6(expand(x)), 2)), ['conv2d', 'conv_direct']],
    ['a bias', relu6(biasAdd(grouped(expand(x), 8, false), weights([8]))), ['conv2d', 'conv_direct']],
    [
      'an inverted bottleneck',
      add(expand(relu6(grouped(relu6(expand(x)), 8))), expand(x)),
      ['conv2d', 'conv2d', 'conv2d', 'conv_direct'],
    ],
    ['batch normalization', relu6(scaled(grouped(expand(x), 8, false))), ['conv2d', 'conv_direct']],
    ['batch normalization after a bias', scaled(grouped(expand(x), 8)), ['conv2d', 'conv_direct']],
    ['another clip', unary('clip', grouped(expand(x), 8), { alpha: 0, beta: 5 }), ['conv2d', 'conv_direct', 'unary']],
  ] as const)('%s', async (_, y, ops) => {
    const names = opsOf(optimize([y], [])).filter((name) => /^conv|^(unary|binary|bias_add|add)$/.test(name));
    expect(names.sort()).toEqual(ops);
    expectSame((await values({ y }, [])).results, (await values({ y }, all)).results);
  });
});

test('fold_constants: constants are computed when compiled, and once for executables that share a store', async () => {
  const store = new ConstantStore(gpu);
  const before = gpu.allocatedBytes;
  const first = await compile(gpu, { label: 'first', outputs: { network }, constants: store });
  const own = first.bytes;
  const constants = gpu.allocatedBytes - before - own;
  const second = await compile(gpu, { label: 'second', outputs: { network }, constants: store });
  expect(gpu.allocatedBytes - before).toBe(own + constants + second.bytes);
  first.close();
  second.close();
  store.close();
  expect(gpu.allocatedBytes).toBe(before);
});

test('attributes that JSON alone cannot tell apart stay apart', () => {
  const values = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN, 0, -0, null];
  expect(new Set(values.map((value) => attrsKey({ value }))).size).toBe(values.length);
});

test('a constant that could not be made is made when it is asked for again', async () => {
  const store = new ConstantStore(gpu);
  let tries = 0;
  const w = tensor('late', [4], () => {
    if (++tries === 1) throw new Error('not yet');
    return Float32Array.of(1, 2, 3, 4);
  });
  const make = () => compile(gpu, { label: 'late', outputs: { y: relu(w) }, constants: store });
  await expect(make()).rejects.toThrow('not yet');
  const executable = await make();
  executable.run();
  expect([...(await executable.read('y'))]).toEqual([1, 2, 3, 4]);
  executable.close();
  store.close();
});

describe('fold_pad', () => {
  const x = input('image', [2, 9, 11, 3]);
  const padded = pad(x, [0, 1, 2, 0], [0, 0, 1, 0], 'constant', 0);
  const window = { kernel: [3, 3], strides: [1, 1], dilations: [1, 1], pads: [0, 0, 0, 0], outSize: [8, 12] };
  const depthwise = convDirect(padded, weights([3, 3, 1, 3]), undefined, {
    ...{ strides: [2, 2], dilations: [1, 1], pads: [0, 1, 0, 0], groups: 3 },
  });
  const conv = apply(conv2dOp, [padded, weights([3, 3, 3, 8])], {
    strides: [2, 1],
    pads: [1, 0, 0, 0],
    activation: 'none',
  });

  test('zeros go into convolutions and an average', async () => {
    const both = { conv, depthwise, average: averagePool(padded, { ...window, countPadding: false }) };
    expect(opsOf(optimize(Object.values(both), []))).not.toContain('pad');
    expectSame((await values(both, [])).results, (await values(both, all)).results);
  });

  test.each([
    ['other values', averagePool(pad(x, [0, 1, 2, 0], [0, 0, 1, 0], 'constant', 1), window)],
    ['a maximum', maxPool(padded, window)],
    ['padded channels', reduce('sum', pad(x, [0, 0, 0, 1], [0, 0, 0, 0], 'constant', 0), [1], false)],
  ])('%s stay', async (_, node) => {
    expect(opsOf(optimize([node], []))).toContain('pad');
    expectSame((await values({ node }, [])).results, (await values({ node }, all)).results);
  });
});

test('a convolution reads a range of channels that is no multiple of 4 from a copy', async () => {
  const x = toNhwc(unit(image, 24, [3, 3]));
  const range = slice(x, [0, 0, 0, 6], [2, 9, 11, 8]);
  const w = weights([1, 1, 8, 8]);
  const conv = apply(conv2dOp, [range, w], { strides: [1, 1], pads: [0, 0, 0, 0], activation: 'none' });
  expect(opsOf(optimize([conv], []))).toContain('slice');
  expectSame((await values({ conv }, [])).results, (await values({ conv }, all)).results);
});

test('what is concatenated and needed elsewhere, or concatenated twice, is copied', async () => {
  const branch = unit(image, 8, [3, 3]);
  const twice = concat([branch, unit(image, 4, [1, 1]), branch], 1);
  const outputs = { twice, branch };
  expectSame((await values(outputs, [])).results, (await values(outputs, all)).results);
});
