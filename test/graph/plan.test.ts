import { expect, test } from 'vitest';
import { type Lifetime, lowerBound, planMemory } from '../../src/graph/plan.ts';
import { Random } from '../../src/util/random.ts';

test('a chain of equal values needs two buffers', () => {
  const chain = Array.from({ length: 10 }, (_, i) => ({ elements: 100, first: i, last: i + 1 }));
  expect(planMemory(chain).buffers).toEqual([100, 100]);
});

test('values that live at the same time never share, at random', () => {
  const random = new Random(7);
  for (let round = 0; round < 50; round++) {
    const lifetimes: Lifetime[] = Array.from({ length: 40 }, () => {
      const first = random.below(30);
      return { elements: 1 + random.below(1000), first, last: first + random.below(10) };
    });
    const { assignment, buffers } = planMemory(lifetimes);
    lifetimes.forEach((a, i) => {
      expect(buffers[assignment[i]!]).toBeGreaterThanOrEqual(a.elements);
      lifetimes.slice(i + 1).forEach((b, j) => {
        const together = a.first <= b.last && b.first <= a.last;
        if (together) expect(assignment[i]).not.toBe(assignment[i + 1 + j]);
      });
    });
    const total = buffers.reduce((sum, elements) => sum + elements, 0);
    expect(total).toBeGreaterThanOrEqual(lowerBound(lifetimes));
    expect(total).toBeLessThan(1.6 * lowerBound(lifetimes));
  }
});
