/** What only constants decide runs once, at compile time. */
import { expect, test } from 'vitest';
import { compile } from '../../src/graph/compile.ts';
import { splitSetup } from '../../src/graph/hoist.ts';
import { sizeOf } from '../../src/graph/node.ts';
import { conv2dSame } from '../../src/graph/ops/conv/conv2d.ts';
import { input } from '../../src/graph/ops/core/input.ts';
import { tensor } from '../../src/graph/ops/core/tensor.ts';
import type { KernelCall } from '../../src/kernels/core/emit.ts';
import { gpu } from '../support/gpu.ts';
import { random } from '../support/random.ts';

const access = { x: { access: 'read' }, y: { access: 'read_write' } };
const call = (x: string, y: string) =>
  ({ kernel: { buffers: access }, buffers: { x, y }, params: {}, choice: {} }) as unknown as KernelCall<string>;
const names = (calls: readonly KernelCall<string>[]) => calls.map(({ buffers: { x, y } }) => `${x}→${y}`);
const parts = (calls: readonly KernelCall<string>[], fixed: readonly string[], placed: readonly string[] = []) => {
  const { setup, perRun } = splitSetup(calls, fixed, (array) => !placed.includes(array));
  return [names(setup), names(perRun)];
};

test('what follows from constants alone is moved, in order, and nothing else', () => {
  const calls = [call('w', 'u'), call('x', 'v'), call('u', 'u2'), call('v', 'y')];
  expect(parts(calls, ['w'])).toEqual([
    ['w→u', 'u→u2'],
    ['x→v', 'v→y'],
  ]);
  expect(parts(calls, [])).toEqual([[], names(calls)]);
});

test('an array that others write stays', () => {
  // A second writer, in the same run; a place that was given.
  expect(parts([call('w', 'u'), call('x', 'u')], ['w'])).toEqual([[], ['w→u', 'x→u']]);
  expect(parts([call('w', 'y')], ['w'], ['y'])).toEqual([[], ['w→y']]);
});

test("Winograd's weights are transformed once where they are frozen, with the same result to the bit", async () => {
  const x = input('x', [1, 32, 32, 64]);
  const data = random(3 * 3 * 64 * 64, 2);
  const weights = tensor('hoisted weights', [3, 3, 64, 64], () => data);
  const outputs = { y: conv2dSame(x, weights) };
  const results = [];
  for (const disablePasses of [['foldConstants'] as const, []]) {
    const executable = await compile(gpu, { label: 'test', outputs, disablePasses });
    executable.feed('x', random(sizeOf(x.shape), 1));
    const values = [];
    for (let run = 0; run < 2; run++) {
      executable.run();
      values.push(await executable.read('y'));
    }
    expect(values[1]).toEqual(values[0]);
    results.push({ labels: executable.program.dispatches.map(({ label }) => label), y: values[0] });
    executable.close();
  }
  const [plain, hoisted] = results;
  expect(plain!.labels).toContain('winograd_weights');
  expect(hoisted!.labels).toEqual(plain!.labels.filter((label) => label !== 'winograd_weights'));
  expect(hoisted!.y).toEqual(plain!.y);
});
