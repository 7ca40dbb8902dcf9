/** Passes leave results as they are, memory is planned well, and what is wrong is refused with the values. */
import { describe, expect, test } from 'vitest';
import { compile, optimize } from '../../src/graph/compile.ts';
import { ConstantStore } from '../../src/graph/constants.ts';
import { gradients } from '../../src/graph/gradient.ts';
import { glorotUniform } from '../../src/graph/initializers.ts';
import { type Node, reachable, sizeOf } from '../../src/graph/node.ts';
import { conv2dSame } from '../../src/graph/ops/conv/conv2d.ts';
import { input, parameter, parameterOp } from '../../src/graph/ops/core/input.ts';
import { tensor } from '../../src/graph/ops/core/tensor.ts';
import { add } from '../../src/graph/ops/elementwise/add.ts';
import { relu } from '../../src/graph/ops/elementwise/relu.ts';
import { tanh } from '../../src/graph/ops/elementwise/tanh.ts';
import { mse } from '../../src/graph/ops/loss/mse.ts';
import { ParameterLayout, ParameterSlab } from '../../src/graph/parameters.ts';
import { type PassName, passes } from '../../src/graph/passes/index.ts';
import { colorizationNetwork } from '../../src/model/network.ts';
import { Gpu } from '../../src/runtime/gpu.ts';
import { gpu } from '../support/gpu.ts';
import { random } from '../support/random.ts';
import { refusal } from '../support/refusal.ts';

const lightness = input('lightness', [2, 16, 24, 1]);
const answer = colorizationNetwork({ widthDivisor: 8, embeddingWidth: 0 }, lightness);
const loss = mse(answer, input('target', answer.shape));
const parameters = reachable([loss]).filter((node) => node.op === parameterOp);
const grads = gradients(loss, parameters);
const training = { loss, answer, ...Object.fromEntries(grads.map((grad, i) => [`grad ${i}`, grad])) };

async function results(outputs: Readonly<Record<string, Node>>, disablePasses: readonly PassName[]) {
  const layout = new ParameterLayout(reachable(Object.values(outputs)));
  const slab = new ParameterSlab(gpu, 'weights', layout);
  slab.write(glorotUniform(layout, 1));
  const executable = await compile(gpu, { label: 'test', outputs, parameters: slab, disablePasses });
  executable.feed('lightness', random(sizeOf(lightness.shape), 1));
  executable.feed('target', random(sizeOf(answer.shape), 2));
  executable.run();
  const values = new Map<string, Float32Array>();
  for (const name of Object.keys(outputs)) values.set(name, await executable.read(name));
  const dispatches = executable.program.dispatches.length;
  const bytes = executable.bytes - executable.program.bytes;
  executable.close();
  slab.close();
  return { values, dispatches, bytes };
}

describe('passes', () => {
  test.each(Object.keys(passes) as PassName[])('%s leaves every result as it is', async (pass) => {
    const all = Object.keys(passes) as PassName[];
    const plain = await results(training, all);
    const optimized = await results(
      training,
      all.filter((name) => name !== pass),
    );
    for (const [name, values] of plain.values) {
      const scale = Math.max(...values.map(Math.abs));
      const worst = values.reduce((max, v, i) => Math.max(max, Math.abs(v - optimized.values.get(name)![i]!)), 0);
      // These answers are small, and tanh near 0 is only exact to some 1e-7 (WGSL asks for 1e-5).
      expect(worst, name).toBeLessThan(name === 'answer' ? 2e-7 : 1e-5 * scale);
    }
  });

  test('fuse_conv2d leaves one node for convolution, bias and activation', () => {
    const names = reachable(optimize([answer], [])).map((node) => node.op.name);
    expect(names.filter((name) => name === 'conv2d')).toHaveLength(12);
    expect(names.filter((name) => name === 'upsample_conv2d')).toHaveLength(2);
    expect(names).not.toContain('bias_add');
    expect(names).not.toContain('relu');
    expect(names).not.toContain('tanh');
  });

  test('a convolution whose result is needed elsewhere is not fused', async () => {
    const x = input('lightness', [2, 16, 24, 1]);
    const conv = conv2dSame(x, parameter('w', [3, 3, 1, 4]));
    const outputs = [conv, relu(conv)];
    expect(reachable(optimize(outputs, [])).map((node) => node.op.name)).toContain('relu');
  });
});

test('inference reuses memory: far less than the sum of all activations', async () => {
  const { bytes } = await results({ answer, loss }, []);
  const activations = reachable(optimize([answer], [])).filter((node) => node.inputs.length > 0);
  const sum = activations.reduce((total, { shape }) => total + sizeOf(shape) * 4, 0);
  // So small a picture needs the more for summed weights: at 224 it is below half.
  expect(bytes).toBeLessThan(0.7 * sum);
});

test('what does not fit is refused, with the values', async () => {
  expect(() => colorizationNetwork({ widthDivisor: 8, embeddingWidth: 0 }, input('x', [1, 12, 16, 1]))).toThrow(
    refusal('ShapeError', 'network', '12 x 16', 'multiples of 8'),
  );
  expect(() => conv2dSame(input('x', [1, 4, 4, 2]), parameter('w', [3, 3, 3, 8]))).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: conv2d: expected w for 2 input channels (x is [1, 4, 4, 2]), got [3, 3, 3, 8]]`,
  );
  const executable = await compile(gpu, { label: 'test', outputs: { y: relu(input('x', [3])) } });
  expect(() => executable.feed('x', new Float32Array(4))).toThrow(
    refusal('ShapeError', "feed 'x'", '16', '[3], 12 bytes'),
  );
  expect(() => executable.feed('z', new Float32Array(3))).toThrow(refusal('ShapeError', 'feed', "'z'", 'one of x'));
  await expect(executable.read('z')).rejects.toThrow(refusal('ShapeError', 'read', "'z'", 'one of y'));
});

test('a verbose device tells of dispatches and memory', async () => {
  const lines: string[] = [];
  const verbose = await Gpu.open({ verbose: (line) => lines.push(line) });
  const outputs = { y: relu(tanh(relu(input('x', [100])))) };
  const executable = await compile(verbose, { label: 'sandwich', outputs });
  expect(lines).toMatchInlineSnapshot(`
    [
      "sandwich: 3 operations in 3 dispatches: relu 2, tanh 1",
      "sandwich: 2 intermediate results of 0.0 MB share 2 buffers of 0.0 MB; at one time 0.0 MB are needed; with inputs and outputs 0.0 MB",
    ]
  `);
  executable.close();
  await verbose.close();
});

test('what fails beside constants that fail too is told once, and leaves no rejection unhandled', async () => {
  const unhandled: unknown[] = [];
  const note = (error: unknown) => unhandled.push(error);
  process.on('unhandledRejection', note);
  try {
    const constants = new ConstantStore(gpu);
    constants.close();
    const weights = tensor('weights', [4], () => new Float32Array(4));
    const outputs = {
      sum: add(weights, parameter('bias', [4])),
    };
    await expect(compile(gpu, { label: 'failing', outputs, constants })).rejects.toThrow('expected parameters');
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(unhandled).toEqual([]);
  } finally {
    process.off('unhandledRejection', note);
  }
});
