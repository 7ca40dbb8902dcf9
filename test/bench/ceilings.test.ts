import { expect, test } from 'vitest';
import { CHAIN_TOLERANCE, CHAINS, chainSums, FLOPS_PER_THREAD, measureCeilings } from '../../bench/ceilings.ts';
import fma from '../../bench/probes/fma.wgsl';
import { gpu } from '../support/gpu.ts';

test('operations are counted as the shader has them', () => {
  const loop = /for \(.*\) \{([\s\S]*?)\n {2}\}/.exec(fma)![1]!;
  const multiplyAdds = [...loop.matchAll(/= fma\(/g)].length;
  expect(FLOPS_PER_THREAD).toBe(CHAINS.iterations * multiplyAdds * 4 * 2);
});

test('the expected sums are those of the closed form', () => {
  const { multiplier, addend } = CHAINS;
  const limit = addend / (1 - multiplier);
  for (const thread of [0, 77, 256]) {
    const closed = [0, 1, 2, 3].map((component) =>
      [0, 4, 8, 12].reduce((sum, chain) => {
        const start = 1 + (chain + component) / 4096 + (thread % 256) / 256;
        return sum + limit + multiplier ** 1024 * (start - limit);
      }, 0),
    );
    chainSums(thread).forEach((value, i) => {
      expect(value).toBeCloseTo(closed[i]!, 10);
    });
  }
});

test('the tolerance lets rounding pass, fused or not, but no step of a chain left out', () => {
  const { multiplier, addend } = CHAINS;
  const { fround } = Math;
  for (const thread of [0, 101, 255]) {
    const [expected] = chainSums(thread) as [number];
    const sum = (step: (value: number) => number) => {
      let total = 0;
      for (const chain of [0, 4, 8, 12]) {
        let value = fround(1 + chain / 4096 + thread / 256);
        for (let i = 0; i < 1024; i++) value = step(value);
        total = fround(total + value);
      }
      return total;
    };
    const fused = sum((value) => fround(value * multiplier + addend));
    const apart = sum((value) => fround(fround(value * multiplier) + addend));
    for (const rounded of [fused, apart]) expect(Math.abs(rounded - expected)).toBeLessThan(CHAIN_TOLERANCE / 2);
    // One step fewer changes all four chains; one chain alone makes a quarter of that.
    const [fewer] = chainSums(thread, 1023) as [number];
    expect(Math.abs(fewer - expected) / 4).toBeGreaterThan(1.5 * CHAIN_TOLERANCE);
  }
});

test('all probes compute what they should, on this device', async () => {
  const before = gpu.allocatedBytes;
  const ceilings = await measureCeilings(gpu);
  for (const value of Object.values(ceilings)) expect(value).toBeGreaterThan(0);
  expect(gpu.allocatedBytes).toBe(before);
});
