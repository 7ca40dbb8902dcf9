import { expect, test } from 'vitest';
import { compile } from '../../src/graph/compile.ts';
import { glorotUniform } from '../../src/graph/initializers.ts';
import { reachable, sizeOf } from '../../src/graph/node.ts';
import { input } from '../../src/graph/ops/core/input.ts';
import { ParameterLayout, ParameterSlab, type Tensors } from '../../src/graph/parameters.ts';
import { colorizationNetwork } from '../../src/model/network.ts';
import { widen } from '../../src/model/widen.ts';
import { gpu } from '../support/gpu.ts';
import { random } from '../support/random.ts';

function network(widthDivisor: number) {
  const lightness = input('lightness', [1, 16, 24, 1]);
  const answer = colorizationNetwork({ widthDivisor, embeddingWidth: 0 }, lightness);
  const layout = new ParameterLayout(reachable([answer]));
  return {
    layout,
    async answerWith(tensors: Tensors) {
      const slab = new ParameterSlab(gpu, 'weights', layout);
      slab.write(tensors);
      const executable = await compile(gpu, { label: 'test', outputs: { answer }, parameters: slab });
      executable.feed('lightness', random(sizeOf(lightness.shape)));
      executable.run();
      const values = await executable.read('answer');
      executable.close();
      slab.close();
      return values;
    },
  };
}

test('a widened network answers as the narrow one did', async () => {
  const [narrow, wide] = [network(32), network(8)];
  // Larger than Glorot's, which let the answer fade to nothing in so narrow a network.
  const weights: Tensors = new Map(
    [...glorotUniform(narrow.layout, 3)].map(([name, { shape, data }]) => [
      name,
      { shape, data: data.map((v) => 2 * v) },
    ]),
  );
  const before = await narrow.answerWith(weights);
  const scale = Math.max(...before.map(Math.abs));
  const worst = (after: Float32Array) =>
    after.reduce((max, v, i) => Math.max(max, Math.abs(v - before[i]!)), 0) / scale;
  expect(scale).toBeGreaterThan(0.01);
  expect(worst(await wide.answerWith(widen(weights, wide.layout, 1, 0)))).toBeLessThan(2e-4); // thirteen layers, each summed in another order
  // With noise, about as it did, and no two copies alike.
  const noisy = widen(weights, wide.layout, 1);
  expect(worst(await wide.answerWith(noisy))).toBeLessThan(0.2);
  const { data } = noisy.get('enc2.weight')!;
  expect(new Set(data).size).toBeGreaterThan(0.99 * data.length);
  expect([...widen(weights, narrow.layout, 1)]).toEqual([...weights]);
});

test('another network is refused', () => {
  const [a, b] = [network(8), network(32)];
  expect(() => widen(glorotUniform(a.layout, 1), b.layout, 1)).toThrowErrorMatchingInlineSnapshot(
    `[FormatError: weights: expected 'enc1.weight' with [3, 3, 1, 2] or an even part of it, got [3, 3, 1, 8]]`,
  );
});
