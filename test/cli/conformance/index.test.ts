/** `koalarize conformance`: what passes, fails and is unsupported is told apart, and nothing that differs passes. */
import { existsSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { difference } from '../../../src/cli/conformance/node_test.ts';
import { decodeTensor } from '../../../src/onnx/tensor.ts';
import { encodeTensor, model, node, tensor, value } from '../../support/proto_builder.ts';
import { koalarize, temporaryFolder } from '../../support/run.ts';

type Tensor = Parameters<typeof encodeTensor>[0];

let folder: string;
beforeAll(async () => {
  folder = await temporaryFolder();
});
afterAll(() => rm(folder, { recursive: true }));

async function write(name: string, bytes: Uint8Array, inputs: readonly Tensor[], outputs: readonly Tensor[]) {
  const set = join(folder, name, 'test_data_set_0');
  await mkdir(set, { recursive: true });
  await writeFile(join(folder, name, 'model.onnx'), bytes);
  for (const [i, one] of inputs.entries()) await writeFile(join(set, `input_${i}.pb`), encodeTensor(one));
  for (const [i, one] of outputs.entries()) await writeFile(join(set, `output_${i}.pb`), encodeTensor(one));
}

const x = tensor('x', [2, 3], [-1, 2, -3, 4, 0.5, -0.5]);
const y = (data: readonly number[], shape: readonly number[] = [2, 3]) => tensor('y', shape, data);
const right = [0, 2, 0, 4, 0.5, 0];
const one = (opType: string, domain = '') =>
  model({
    nodes: [node(opType, ['x'], ['y'], {}, { name: 'the node', domain })],
    inputs: { x: [2, 3] },
    outputs: { y: [2, 3] },
    ...(domain && { domains: { [domain]: 1 } }),
  });
const run = async (...args: string[]) => {
  const { code, stdout, stderr } = await koalarize(['conformance', folder, ...args]);
  return { code, stdout, stderr };
};

describe('a folder of tests', () => {
  beforeAll(async () => {
    await write('test_right', one('Relu'), [x], [y(right)]);
    await write('test_wrong', one('Relu'), [x], [y([0, 2, 0, 4.04, 0.5, 0.001])]);
    await write('test_nan', one('Relu'), [x], [y([0, 2, Number.NaN, 4, 0.5, 0])]);
    await write('test_shape', one('Relu'), [x], [y(right, [3, 2])]);
    await write('test_no_output', one('Relu'), [x], []);
    await write('test_truncated', one('Relu').subarray(0, -9), [x], [y(right)]);
    await write('test_foreign_operator', one('Relu', 'com.example'), [x], [y(right)]);
    await write('test_other', one('Tanh'), [x], [y([...right.keys()])]);
    const reshape = model({
      nodes: [node('Reshape', ['x', 'shape'], ['y'])],
      inputs: [value('x', [2, 3]), value('shape', [1], 'int64')],
      outputs: { y: [6] },
    });
    await write(
      'test_integers',
      reshape,
      [x, tensor('shape', [1], [-1], { type: 'int64' })],
      [y([-1, 2, -3, 4, 0.5, -0.5], [6])],
    );
  });

  test('each has its outcome, with the reason', async () => {
    const { code, stdout, stderr } = await run('--json');
    expect(code, stderr).toBe(1);
    const { tests, all, checklist } = JSON.parse(stdout);
    const outcomes = new Map<string, { status: string; reason: string }>();
    for (const outcome of tests) outcomes.set(outcome.name, outcome);
    const reason = (name: string, status: string) => {
      expect(outcomes.get(name)!.status, name).toBe(status);
      return outcomes.get(name)!.reason;
    };
    expect(reason('test_right', 'passed')).toBeUndefined();
    expect(reason('test_integers', 'passed')).toBeUndefined();
    expect(reason('test_wrong', 'failed')).toMatch(/'y': expected 4\.03\d+, got 4 at element 3 of 6/);
    expect(reason('test_nan', 'failed')).toContain('expected NaN, got 0 at element 2');
    expect(reason('test_shape', 'failed')).toContain('expected shape [3, 2], got [2, 3]');
    expect(reason('test_no_output', 'failed')).toContain('output_0.pb');
    expect(reason('test_truncated', 'failed')).toContain('model.onnx');
    expect(reason('test_foreign_operator', 'unsupported')).toMatch(/the node.*com\.example/);
    expect(reason('test_other', 'failed')).toContain('expected 5, got');
    expect(all).toEqual({ passed: 2, failed: 6, unsupported: 1, total: 9 });
    expect(checklist.total).toBe(7); // All but a foreign operator, and a model that cannot be read.
    expect(stderr.match(/^(failed|unsupported) +test_/gm)).toHaveLength(7);
  });

  test('unsupported is not failed; --only chooses; the table counts', async () => {
    const { code, stdout, stderr } = await run('--only', 'r');
    expect(code, stderr).toBe(1);
    const foreign = await run('--only', 'foreign');
    expect(foreign.code, foreign.stderr).toBe(0);
    expect(foreign.stdout).toMatch(/^all +0 +0 +1 +1 +0\.0 %$/m);
    expect(stdout).toMatch(/^all +2 +3 +1 +6 +33\.3 %$/m);
  });

  test('nothing to run is an error, and so is wrong usage', async () => {
    expect(await run('--only', 'nothing is called so')).toMatchObject({
      code: 1,
      stderr: `failed: ${folder}: expected folders of tests whose names contain 'nothing is called so', got none\n`,
    });
    const missing = await koalarize(['conformance', join(folder, 'missing')]);
    expect(missing.code).toBe(1);
    expect(missing.stderr).toContain('got no such file');
    for (const args of [[], ['a', 'b'], ['a', '--unknown']]) {
      expect((await koalarize(['conformance', ...args])).code).toBe(2);
    }
    expect((await koalarize(['conformance', '--help'])).stdout).toContain('koalarize conformance DIR');
  });
});

test('the tolerance is ONNX’s own, and only equal infinities are equal', () => {
  const expected = decodeTensor(encodeTensor(tensor('t', [3], [1000, -2, Number.POSITIVE_INFINITY])), 't');
  const differs = (...data: number[]) => difference({ data: Float32Array.from(data), shape: [3] }, expected);
  expect(differs(1000, -2, Number.POSITIVE_INFINITY)).toBeUndefined();
  expect(differs(1000.9, -2.0019, Number.POSITIVE_INFINITY)).toBeUndefined();
  expect(differs(1001.1, -2, Number.POSITIVE_INFINITY)).toContain('expected 1000, got 1001');
  expect(differs(1000, 2, Number.POSITIVE_INFINITY)).toContain('expected -2, got 2 at element 1');
  expect(differs(1000, -2, 3e38)).toContain('expected Infinity');
  expect(differs(Number.NaN, -2, Number.POSITIVE_INFINITY)).toContain('got NaN at element 0');
  expect(difference(undefined, expected)).toContain('got no result');
});

const onnxTests = resolve(import.meta.dirname, '../../../shared/onnx-node-tests');
test.runIf(existsSync(onnxTests))(
  `ONNX's own tests (left out where ${'../shared/onnx-node-tests'} is not there)`,
  async () => {
    const { stdout, stderr } = await koalarize(['conformance', onnxTests, '--json']);
    const { checklist, all } = JSON.parse(stdout);
    expect(checklist.total).toBeGreaterThan(100);
    expect(checklist.passed / checklist.total, stderr).toBeGreaterThanOrEqual(0.95);
    expect(all.failed, stderr).toBe(0);
  },
);
