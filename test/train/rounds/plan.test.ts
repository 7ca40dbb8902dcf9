/** Shares of rounds: all batches of a run once, in order, and what their steps count as. */
import { expect, test } from 'vitest';
import { endOf, localStepsBefore, type RoundPlan, sharesOf, stepAt } from '../../../src/train/rounds/plan.ts';

/** All rounds of a run. */
function roundsOf(to: number, shares: number, localSteps: number): RoundPlan[] {
  const rounds: RoundPlan[] = [];
  for (let from = 0; from < to; from = endOf(rounds.at(-1)!)) rounds.push({ from, to, shares, localSteps });
  return rounds;
}

test.each([
  [1, 5, 17],
  [4, 3, 24],
  [4, 3, 31],
  [3, 1, 10],
  [7, 100, 5],
])('%i shares of %i steps take each of %i batches once, evenly', (shares, localSteps, to) => {
  const taken: number[] = [];
  for (const plan of roundsOf(to, shares, localSteps)) {
    const batches = sharesOf(plan).map((share) => share.batches);
    expect(batches.length).toBe(shares);
    expect(Math.max(...batches) - Math.min(...batches)).toBeLessThanOrEqual(1);
    for (const share of sharesOf(plan)) for (let i = 0; i < share.batches; i++) taken.push(share.first + i);
  }
  expect(taken).toEqual(Array.from({ length: to }, (_, i) => i));
});

test('the first shares take what is left over; steps count the batches of all shares', () => {
  const plan = { from: 24, to: 31, shares: 4, localSteps: 3 };
  expect(sharesOf(plan)).toEqual([
    { first: 24, batches: 2 },
    { first: 26, batches: 2 },
    { first: 28, batches: 2 },
    { first: 30, batches: 1 },
  ]);
  expect(localStepsBefore(plan)).toBe(6);
  expect([1, 2].map((local) => stepAt(plan, local))).toEqual([25, 29]);
});

test('one share counts as one process does', () => {
  const plan = { from: 12, to: 20, shares: 1, localSteps: 5 };
  expect(sharesOf(plan)).toEqual([{ first: 12, batches: 5 }]);
  expect(localStepsBefore(plan)).toBe(12);
  expect([1, 5].map((local) => stepAt(plan, local))).toEqual([13, 17]);
});

test.each([
  { from: 5, to: 5 },
  { from: -1, to: 5 },
  { from: 0.5, to: 5 },
  { from: Number.NaN, to: 5 },
])('refuses what is no round: %j', (part) => {
  expect(() => sharesOf({ shares: 2, localSteps: 3, ...part })).toThrow(
    /^round: expected whole numbers, with from before to/,
  );
});
