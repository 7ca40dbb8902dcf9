import { expect, test } from 'vitest';
import { glorotUniform } from '../../src/graph/initial.ts';
import { reachable } from '../../src/graph/node.ts';
import { input } from '../../src/graph/ops/input.ts';
import { ParameterLayout, type Tensors } from '../../src/graph/parameters.ts';
import { narrow } from '../../src/model/narrow.ts';
import { colorizationNetwork } from '../../src/model/network.ts';
import { widen } from '../../src/model/widen.ts';

/** The parameters of a network with an embedding and classes of colour: all kinds that there are. */
function layoutOf(widthDivisor: number): ParameterLayout {
  const [lightness, embedding] = [input('lightness', [1, 16, 24, 1]), input('embedding', [1, 1, 1, 5])];
  const config = { widthDivisor, embeddingWidth: 5, temperature: 0.7 };
  return new ParameterLayout(reachable([colorizationNetwork(config, lightness, embedding)]));
}

const [thin, wide] = [layoutOf(32), layoutOf(8)];
const weights = glorotUniform(thin, 3);
/** Biases are zero at first, which would hide a wrong factor. */
const biased: Tensors = new Map(
  [...weights].map(([name, { shape, data }]) => [name, { shape, data: data.map((v, i) => v || (i + 1) / 64) }]),
);

function worst(a: Tensors, b: Tensors): number {
  return Math.max(
    ...[...a].flatMap(([name, { data }]) => [...data].map((v, i) => Math.abs(v - b.get(name)!.data[i]!))),
  );
}

test('what was widened is narrowed to what it was', () => {
  const again = narrow(widen(biased, wide, 1, 0), thin);
  expect([...again.keys()]).toEqual([...biased.keys()]);
  expect([...again].map(([, { shape }]) => shape)).toEqual([...biased].map(([, { shape }]) => shape));
  expect(worst(again, biased)).toBeLessThan(1e-7);
});

test('the noise of widening stays, averaged', () => {
  const off = worst(narrow(widen(weights, wide, 1), thin), weights);
  const largest = Math.max(...[...weights.values()].flatMap(({ data }) => [...data].map(Math.abs)));
  expect(off).toBeGreaterThan(0);
  expect(off).toBeLessThan(0.01 * largest);
});

test('of one width, weights stay as they are', () => {
  expect([...narrow(biased, thin)]).toEqual([...biased]);
});

test('copies that have parted, and another network, are refused', () => {
  expect(() => narrow(glorotUniform(wide, 1), thin)).toThrowErrorMatchingInlineSnapshot(
    `[FormatError: weights: expected 'enc1.weight' of a widened network, whose copies are alike within 0.05, got 0.880 – train at its own width]`,
  );
  expect(() => narrow(biased, wide)).toThrowErrorMatchingInlineSnapshot(
    `[FormatError: weights: expected 'enc1.weight' with [3, 3, 1, 8] or a multiple of it, got [3, 3, 1, 2]]`,
  );
});
