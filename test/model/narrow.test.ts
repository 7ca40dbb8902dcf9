import { expect, test } from 'vitest';
import { glorotUniform } from '../../src/graph/initializers.ts';
import type { ParameterLayout, Tensors } from '../../src/graph/parameters.ts';
import { layoutOf } from '../../src/model/layout.ts';
import { narrow } from '../../src/model/narrow.ts';
import { widen } from '../../src/model/widen.ts';
import { refusal } from '../support/refusal.ts';

/** With an embedding and classes of color: all kinds of parameters that there are. */
const [thin, wide] = [32, 8].map((widthDivisor) => layoutOf({ widthDivisor, embeddingWidth: 5, temperature: 0.7 })) as [
  ParameterLayout,
  ParameterLayout,
];
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

test('duplicated channels that have diverged, and another network, are refused', () => {
  expect(() => narrow(glorotUniform(wide, 1), thin)).toThrowErrorMatchingInlineSnapshot(
    `[FormatError: weights: expected 'enc1.weight' of a widened network, whose copies are alike within 0.05, got 0.880 – train at its own width]`,
  );
  expect(() => narrow(biased, wide)).toThrow(
    refusal('FormatError', 'weights', '[3, 3, 1, 2]', '[3, 3, 1, 8] or a multiple of it'),
  );
});
