/** The tuner on nearest x2 with a 3x3 convolution: each algorithm can win, is then used, and computes what it should. */
import { afterAll, afterEach, expect, test, vi } from 'vitest';
import { compile } from '../../../src/graph/compile.ts';
import { apply } from '../../../src/graph/node.ts';
import {
  upsampleConv2dInputGradOp,
  upsampleConv2dOp,
  upsampleConv2dWeightGradOp,
} from '../../../src/graph/ops/conv/upsample_conv2d.ts';
import { input } from '../../../src/graph/ops/core/input.ts';
import type { Algorithm } from '../../../src/kernels/conv/algorithm.ts';
import { candidates } from '../../../src/kernels/conv/candidates.ts';
import { type ConvTask, keyOf, type UpsampleDirection } from '../../../src/kernels/conv/task.ts';
import { upsampleAlgorithms, upsampleGeometry } from '../../../src/kernels/conv/upsample/index.ts';
import { interleaved } from '../../../src/kernels/tuning/timing.ts';
import { Tuner } from '../../../src/kernels/tuning/tuner.ts';
import { Gpu } from '../../../src/runtime/gpu.ts';
import { memoryStore } from '../../../src/runtime/tuning_store/index.ts';
import { expectClose } from '../../reference/close.ts';
import {
  sizes,
  upsampleConv2d,
  upsampleConv2dInputGrad,
  upsampleConv2dWeightGrad,
} from '../../reference/upsample_conv2d.ts';
import { random } from '../../support/random.ts';

vi.mock(import('../../../src/kernels/tuning/timing.ts'));

/** As if `winner` had been twice as fast as all others wherever it takes part. */
const measure = (winner: string) =>
  vi
    .mocked(interleaved)
    .mockImplementation(
      async (_, programs) => new Map([...programs.keys()].map((name) => [name, name === winner ? 1 : 2])),
    );
afterEach(() => vi.mocked(interleaved).mockReset());

const opened: Gpu[] = [];
afterAll(() => Promise.all(opened.map((gpu) => gpu.close())));

async function open() {
  const measured: string[] = [];
  const warnings: string[] = [];
  const progress = (_: number, __: number, key: string) => key && measured.push(key);
  const warn = (message: string) => warnings.push(message);
  const gpu = await Gpu.open({ tune: { store: memoryStore(), progress, warn } });
  opened.push(gpu);
  return { gpu, measured, warnings };
}

const size = { batch: 2, height: 3, width: 5, inChannels: 16, outChannels: 32 };
const task = (direction: UpsampleDirection): ConvTask<UpsampleDirection> => ({
  direction,
  geometry: upsampleGeometry(size),
  options: { activation: direction === 'upsample forward' ? 'relu' : 'none' },
  bias: direction === 'upsample forward',
  residual: false,
});

const x = input('x', [2, 3, 5, 16]);
const w = input('w', [3, 3, 16, 32]);
const bias = input('bias', [32]);
const dy = input('dy', [2, 6, 10, 32]);
const n = sizes(size);
const values = { x: random(n.x, 1), w: random(n.w, 2), bias: random(32, 3), dy: random(n.y, 4) };
/** Sums of `terms` products of numbers below 1 in size, whose rounding errors grow as a random walk. */
const tolerance = (terms: number) => ({ absolute: 2 ** -24 * terms ** 1.5 * 2 + 1e-6 });

const cases = {
  'upsample forward': {
    node: apply(upsampleConv2dOp, [x, w, bias], { activation: 'relu' }),
    expected: upsampleConv2d(values.x, values.w, size).map((v, i) => Math.max(0, v + values.bias[i % 32]!)),
    tolerance: tolerance(9 * 16),
  },
  'upsample inputGrad': {
    node: apply(upsampleConv2dInputGradOp, [dy, w], undefined),
    expected: upsampleConv2dInputGrad(values.dy, values.w, size),
    tolerance: tolerance(36 * 32),
  },
  'upsample weightGrad': {
    node: apply(upsampleConv2dWeightGradOp, [x, dy], undefined),
    expected: upsampleConv2dWeightGrad(values.x, values.dy, size),
    tolerance: tolerance(4 * 2 * 3 * 5),
  },
} as const;

/** The kernels by which a program of one of the algorithms can be told. */
const MARKS = ['upsample2x', 'upsample2x_grad', 'upsample_weights', 'upsample_weights_grad', 'bias_add'];

test.each<[UpsampleDirection, string, string[]]>([
  ['upsample forward', 'transposed, with bias and activation', ['upsample_weights']],
  ['upsample forward', 'transposed, then bias and activation', ['upsample_weights', 'bias_add']],
  ['upsample forward', 'enlarged', ['upsample2x']],
  ['upsample inputGrad', 'shrinking', ['upsample_weights']],
  ['upsample inputGrad', 'enlarged', ['upsample2x_grad']],
  ['upsample weightGrad', 'shrinking', ['upsample_weights_grad']],
  ['upsample weightGrad', 'enlarged', ['upsample2x']],
])('%s, %s: where it is the fastest, it is used, and right', async (direction, name, marks) => {
  measure(name);
  const { gpu, measured, warnings } = await open();
  const { node, expected, tolerance } = cases[direction];
  const executable = await compile(gpu, { label: 'test', outputs: { result: node } });
  expect(warnings).toEqual([]);
  expect(executable.tuned.get(keyOf(task(direction)))).toBe(name);
  const kernels = new Set(executable.program.dispatches.map(({ label }) => label));
  expect(MARKS.filter((mark) => kernels.has(mark))).toEqual(marks);
  // The convolutions inside are tasks of their own, settled first.
  expect(measured.at(-1)).toBe(keyOf(task(direction)));
  for (const key of measured.slice(0, -1)) expect(key).toMatch(/^(forward|inputGrad|weightGrad) /);
  expect(executable.tuned.size).toBeGreaterThan(1);

  for (const { op, attrs } of node.inputs) {
    const { name } = attrs as { name: keyof typeof values };
    expect(op.name).toBe('input');
    executable.feed(name, values[name]);
  }
  executable.run();
  expectClose(await executable.read('result'), expected, tolerance);
  executable.close();
});

test('the test above has them all', () => {
  const names = Object.values(upsampleAlgorithms).map((each) => each.map(({ name }) => name));
  expect(names).toEqual([
    ['transposed, with bias and activation', 'transposed, then bias and activation', 'enlarged'],
    ['shrinking', 'enlarged'],
    ['shrinking', 'enlarged'],
  ]);
});

test('one that is wrong never wins, however fast', async () => {
  measure('wrong');
  const { gpu, warnings } = await open();
  const [transposed, , enlarged] = upsampleAlgorithms['upsample forward'];
  const wrong: Algorithm<'upsample forward'> = {
    ...transposed!,
    name: 'wrong',
    emit: (emit, buffers, { direction, geometry }) =>
      transposed!.emit(emit, buffers, { direction, geometry, options: { activation: 'none' } }),
  };
  const tuner = new Tuner(gpu, { ...candidates, 'upsample forward': [wrong, transposed!, enlarged!] });
  const winners = await tuner.tune([task('upsample forward')]);
  expect(winners.get(keyOf(task('upsample forward')))).toBe(transposed!.name);
  expect(warnings).toHaveLength(1);
  expect(warnings[0]).toMatch(/^tuning: wrong is left out, for upsample forward .*: its error is/);
});
