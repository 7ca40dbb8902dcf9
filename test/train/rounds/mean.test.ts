/** Mean of states, and the outer step, against values computed by hand. */
import { expect, test } from 'vitest';
import type { Tensors } from '../../../src/graph/parameters.ts';
import { decodeCheckpoint, encodeCheckpoint, type TrainingState } from '../../../src/train/checkpoint.ts';
import { MeanState } from '../../../src/train/rounds/mean.ts';
import { DILOCO, outerStep, PLAIN_MEAN } from '../../../src/train/rounds/outer.ts';

const tensors = (...data: number[]): Tensors =>
  new Map([['w', { shape: [data.length], data: Float32Array.from(data) }]]);
const dataOf = (all: Tensors) => [...all.get('w')!.data];
const stateOf = (weights: number[], lossScale?: TrainingState['lossScale']): TrainingState => ({
  weights: tensors(...weights),
  moments: { m: tensors(...weights.map((value) => value / 2)), v: tensors(...weights.map((value) => value ** 2)) },
  average: tensors(...weights.map((value) => value + 1)),
  step: 3,
  ...(lossScale && { lossScale }),
});

function meanOf(...states: [TrainingState, number][]): TrainingState {
  const mean = new MeanState();
  for (const [state, weight] of states) mean.add(state, weight);
  return mean.state(7);
}

test('weighs states by their batches: weights, moments and average', () => {
  const { weights, moments, average, step } = meanOf([stateOf([1, -2]), 3], [stateOf([5, 6]), 1]);
  expect(step).toBe(7);
  expect(dataOf(weights)).toEqual([2, 0]);
  expect(dataOf(moments.m)).toEqual([1, 0]);
  expect(dataOf(moments.v)).toEqual([7, 12]);
  expect(dataOf(average!)).toEqual([3, 1]);
});

test('of one state it is that state, to the bit, whatever it weighs', () => {
  // Smallest and largest numbers, and such as have no short fraction.
  const values = [0.1, -1e-45, 3.4e38, 1 / 3, Math.PI, 0, 1.1754943508222875e-38].map(Math.fround);
  const state: TrainingState = { ...stateOf(values), moments: { m: tensors(...values), v: tensors(...values) } };
  const { weights, moments } = meanOf([state, 100]);
  expect(dataOf(weights)).toEqual(values);
  expect(dataOf(moments.v)).toEqual(values);
});

test('adds up in float64: what float32 would lose between two large numbers is there', () => {
  expect(dataOf(meanOf([stateOf([2 ** 24]), 1], [stateOf([1]), 1], [stateOf([-(2 ** 24)]), 1]).weights)).toEqual([
    Math.fround(1 / 3),
  ]);
});

test('of loss scales the most cautious stays', () => {
  const a = { scale: 1024, good: 7, skipped: 2 };
  expect(meanOf([stateOf([1], a), 1]).lossScale).toEqual(a);
  expect(meanOf([stateOf([1], a), 1], [stateOf([1], { scale: 2048, good: 3, skipped: 4 }), 1]).lossScale).toEqual({
    scale: 1024,
    good: 3,
    skipped: 2,
  });
});

test('refuses states of different networks', () => {
  expect(() => meanOf([stateOf([1, 2]), 1], [stateOf([1]), 1])).toThrow("weights: expected 'w' of [2], got [1]");
  const other = {
    ...stateOf([1]),
    weights: new Map([...tensors(1), ['x', { shape: [1], data: new Float32Array(1) }]]),
  };
  expect(() => meanOf([stateOf([1]), 1], [other as TrainingState, 1])).toThrow('weights: expected 1 arrays, got 2');
});

test('the plain mean is taken as it is', () => {
  const mean = tensors(1e-20, 3);
  expect(outerStep({ weights: tensors(1, 2) }, mean, PLAIN_MEAN, 1)).toEqual({ weights: mean });
});

test('Nesterov momentum over two rounds, by hand', () => {
  // Δ = 10 - 9 = 1: momentum 1, weights 10 - 0.7 (1 + 0.9 · 1) = 8.67.
  const one = outerStep({ weights: tensors(10) }, tensors(9), DILOCO, 1);
  expect(dataOf(one.momentum!)).toEqual([1]);
  expect(dataOf(one.weights)[0]).toBeCloseTo(8.67, 6);
  // Δ = 8.67 - 8.17 = 0.5: momentum 0.9 + 0.5 = 1.4, weights 8.67 - 0.7 (0.5 + 0.9 · 1.4) = 7.438.
  const two = outerStep(one, tensors(8.17), DILOCO, 2);
  expect(dataOf(two.momentum!)[0]).toBeCloseTo(1.4, 6);
  expect(dataOf(two.weights)[0]).toBeCloseTo(7.438, 6);
});

test('without momentum it is a step of the given size towards the mean, and leaves none', () => {
  expect(outerStep({ weights: tensors(4, 8) }, tensors(2, 16), { rate: 0.5, momentum: 0 }, 1)).toEqual({
    weights: tensors(3, 12),
  });
});

test('a step that is not finite is an error, with the step', () => {
  const far = { rate: 10, momentum: 0.9 };
  expect(() => outerStep({ weights: tensors(-3e38) }, tensors(3e38), far, 40)).toThrow(
    /^step 40: expected finite numbers, got Infinity in weight 'w' after the outer step/,
  );
});

test('a checkpoint holds the momentum, apart from the weights', () => {
  const state = { ...stateOf([1, 2]), outer: tensors(3, 4) };
  const { metadata, ...read } = decodeCheckpoint(encodeCheckpoint(state, { a: 'b' }), 'file');
  expect(read).toEqual(state);
  expect(metadata).toEqual({ a: 'b', step: '3' });
});
