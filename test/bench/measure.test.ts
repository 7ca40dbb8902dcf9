import { expect, test, vi } from 'vitest';
import type { Backend } from '../../bench/arm.ts';
import { geometricMean, largestError, measure, quantile } from '../../bench/measure.ts';
import { Report } from '../../bench/report.ts';
import { sumTolerance, uniform, type Workload } from '../../bench/workload.ts';

const none = undefined as never;

/** A workload whose arms answer with these values. */
function fake(ours: number[], rival: number[]): Workload {
  const arm = (values: number[]): Backend => ({
    run: async () => undefined,
    result: async () => Float32Array.from(values),
    free: () => undefined,
  });
  return {
    name: 'fake',
    flops: 1,
    checkRuns: 1,
    queueable: false,
    tolerance: () => 0.1,
    ours: async () => arm(ours),
    rivals: { tfjs: async () => arm(rival) },
  };
}

test('quantile interpolates, whatever the order', () => {
  expect([0, 0.25, 0.5, 1].map((q) => quantile([4, 1, 3, 2], q))).toEqual([1, 1.75, 2.5, 4]);
  expect(quantile([7], 0.75)).toBe(7);
});

test('geometricMean of a ratio and its inverse is 1', () => {
  expect(geometricMean([4, 0.25])).toBeCloseTo(1, 12);
});

test('largestError is infinite for what is not a number, and for another length', () => {
  const expected = Float32Array.of(1, 2);
  expect(largestError(Float32Array.of(1, 2.5), expected, 0.25)).toBe(2);
  expect(largestError(Float32Array.of(1, Number.NaN), expected, 1)).toBe(Number.POSITIVE_INFINITY);
  expect(largestError(Float32Array.of(1), expected, 1)).toBe(Number.POSITIVE_INFINITY);
});

test('sumTolerance notices one product left out of a sum, and not float32 rounding', () => {
  const products = 12544;
  const x = uniform(products, 1);
  const w = uniform(products, 2);
  const exact = x.reduce((sum, value, i) => sum + value * w[i]!, 0);
  const rounded = x.reduce((sum, value, i) => Math.fround(sum + Math.fround(value * w[i]!)), 0);
  // An output whose elements have the size that sums of so many products have.
  const typical = Float32Array.of(Math.sqrt(products / 9));
  const tolerance = sumTolerance(typical, products);
  expect(Math.abs(rounded - exact)).toBeLessThan(tolerance);
  expect(1 / 3).toBeGreaterThan(tolerance); // rms of one product
});

test('measure gives times for equal results only', async () => {
  const good = await measure(fake([1, 2], [1, 2.05]), none, { tfjs: {} as never }, { least: 3, most: 3 });
  expect(good.failed).toBeUndefined();
  expect(good.error).toBeCloseTo(0.5, 5);
  expect(good.ours?.samplesMs).toHaveLength(3);
  expect(good.rivals?.tfjs?.samplesMs).toHaveLength(3);

  const bad = await measure(fake([1, 2], [1, 2.5]), none, { tfjs: {} as never }, { least: 3, most: 3 });
  expect(bad.failed).toBe("the results differ from tfjs's by 5.00 times the tolerance");
  expect(bad.ours ?? bad.rivals).toBeUndefined();
});

test('measure without a rival takes our times alone', async () => {
  const outcome = await measure(fake([1], [1]), none, {}, { least: 1, most: 1 });
  expect(outcome.ours).toBeDefined();
  expect(outcome.error ?? outcome.rivals).toBeUndefined();
});

test('a rival that does not start is left out, with what it said', async () => {
  const workload: Workload = {
    ...fake([1], [1]),
    rivals: { tfjs: () => Promise.reject(new Error('no memory')) },
  };
  const outcome = await measure(workload, none, { tfjs: {} as never }, { least: 1, most: 1 });
  expect(outcome.ours).toBeDefined();
  expect(outcome.refused).toEqual({ tfjs: 'no memory' });
  expect(outcome.failed ?? outcome.error ?? outcome.rivals).toBeUndefined();
});

test('the CPU provider is compared and timed, but is no rival', async () => {
  const workload: Workload = { ...fake([1], [1]), cpu: fake([0], [1.05]).rivals.tfjs as never };
  const rivals = { onnxruntime: {} as never };
  const outcome = await measure(workload, none, rivals, { least: 2, most: 2 });
  expect(outcome.cpu?.samplesMs).toHaveLength(2);
  expect(outcome.error).toBeCloseTo(0.5, 5);
  expect(outcome.rivals).toBeUndefined();

  const wrong: Workload = { ...workload, cpu: fake([0], [2]).rivals.tfjs as never };
  const { failed } = await measure(wrong, none, rivals, { least: 1, most: 1 });
  expect(failed).toMatch("the results differ from cpu's by 10.0 times");
});

const timing = { firstMs: 1500, quartilesMs: [9, 11] as const, repeats: 1, samplesMs: [] };
const ours = { ...timing, medianMs: 10 };

test('the report shows a failure without times', () => {
  const lines: string[] = [];
  const report = new Report((line) => lines.push(line), true, ['tfjs']);
  report.outcome({ workload: 'a', flops: 2e7, ours, rivals: { tfjs: { ...timing, medianMs: 20 } }, error: 0.25 });
  report.outcome({ workload: 'b', flops: 2e7, failed: 'too different' });
  expect(lines.join('\n')).toMatchInlineSnapshot(`
    "| a | 10.0 (9.00–11.0) | 20.0 (9.00–11.0) | 2.00 | 2.0 | 1.0 | 1.50 | 1.50 | 0.250 |
    | b | FAILED: too different |  |  |  |  |  |  |  |"
  `);
});

test('shares of ceilings, geometric means, and what is said below a table', () => {
  const lines: string[] = [];
  const ceilings = { fmaGflops: 8, copyGBs: 2, copyBufferGBs: 4, dispatchUs: 1 };
  const report = new Report((line) => lines.push(line), true, ['tfjs'], ceilings);
  const rivals = { tfjs: { ...timing, medianMs: 20 } };
  // 20 MFLOP in 10 ms are 2 GFLOP/s, a quarter of 8; 5 MB are 0.5 GB/s, a quarter of 2.
  const first = { workload: 'a', flops: 2e7, bytes: 5e6, ours, rivals, error: 0.25 };
  const second = { workload: 'b', flops: 8e7, ours, refused: { tfjs: 'no memory' }, cpu: { ...timing, medianMs: 5 } };
  for (const outcome of [first, second]) report.outcome(outcome);
  report.end([first, second]);
  expect(lines.join('\n')).toMatchInlineSnapshot(`
    "| a | 10.0 (9.00–11.0) | 20.0 (9.00–11.0) | 2.00 | 2.0 | 1.0 | 25.0 | 25.0 | 1.50 | 1.50 | 0.250 |
    | b | 10.0 (9.00–11.0) |  |  | 8.0 |  | 100.0 |  | 1.50 |  | not checked |
    | geometric mean of 2 |  |  |  |  |  | 50.0 |  |  |  |  |

    - for information: b, ONNX Runtime's CPU provider: 5.00 (9.00–11.0) ms
    - b, tfjs: no memory"
  `);
});

test('work that can be queued is repeated until the fastest arm is busy for much longer than a fence takes', async () => {
  vi.useFakeTimers({ toFake: ['performance'] });
  const arm = (ms: number): Backend => ({
    run: async (times) => void vi.advanceTimersByTime(times * ms),
    result: async () => Float32Array.of(1),
    free: () => undefined,
  });
  const workload = {
    ...fake([], []),
    queueable: true,
    ours: async () => arm(2),
    rivals: { tfjs: async () => arm(30) },
  };
  try {
    const outcome = await measure(workload, none, { tfjs: {} as never }, { least: 3, most: 3 });
    expect(outcome.ours?.repeats).toBe(10);
    expect(outcome.rivals?.tfjs).toMatchObject({ repeats: 10, medianMs: 30 });
  } finally {
    vi.useRealTimers();
  }
});
