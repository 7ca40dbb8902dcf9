/**
 * Reference of a classifier: what ONNX Runtime's CPU provider computes from a file, and how far other logits are from
 * that.
 */
import type { Floats } from './parameters.ts';
import { channelsFirst, pictures } from './pictures.ts';
import type { Style } from './styles/style.ts';

/** An array for the graph's input. */
export interface Feed {
  readonly data: Floats;
  readonly shape: readonly number[];
}

export interface Difference {
  /** The largest difference between two logits, in standard deviations of all expected logits. */
  readonly difference: number;
  /** The standard deviation of all expected logits. */
  readonly deviation: number;
  /** Whether every picture's first class is the same. */
  readonly sameClass: boolean;
}

/** Makes `batch` pictures in a layout. */
export function feed(batch: number, size: number, layout: 'NCHW' | 'NHWC'): Feed {
  const data = pictures(batch, size);
  if (layout === 'NHWC') return { data, shape: [batch, size, size, 3] };
  return { data: channelsFirst(data, 3, size * size), shape: [batch, 3, size, size] };
}

/** The logits that ONNX Runtime computes for each feed. */
export async function reference(
  path: string,
  { inputName, logitsName }: Pick<Style, 'inputName' | 'logitsName'>,
  feeds: readonly Feed[],
): Promise<Float32Array[]> {
  // Loaded here: what else this file has must not need it.
  const { InferenceSession, Tensor } = await import('onnxruntime-node');
  // Level 3 leaves out warnings about initializers that the graph lists as inputs.
  const session = await InferenceSession.create(path, { executionProviders: ['cpu'], logSeverityLevel: 3 });
  const results: Float32Array[] = [];
  for (const { data, shape } of feeds) {
    const { [logitsName]: logits } = await session.run({ [inputName]: new Tensor('float32', data, shape) }, [
      logitsName,
    ]);
    results.push((logits!.data as Float32Array).slice());
  }
  await session.release();
  return results;
}

/** Compares logits [batch, classes]. A NaN, or a missing logit, is an infinite difference. */
export function compare(actual: Float32Array, expected: Float32Array, classes: number): Difference {
  const deviation = standardDeviation(expected);
  const largest = expected.reduce((most, value, i) => {
    const difference = Math.abs(value - (actual[i] ?? Number.NaN));
    return Number.isNaN(difference) ? Number.POSITIVE_INFINITY : Math.max(most, difference);
  }, 0);
  let sameClass = true;
  for (let first = 0; first < expected.length; first += classes) {
    const [ours, theirs] = [actual, expected].map((logits) => firstClass(logits.subarray(first, first + classes)));
    sameClass &&= ours === theirs;
  }
  return { difference: largest / deviation, deviation, sameClass };
}

/** The standard deviation of all elements. */
export function standardDeviation(values: Float32Array): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
}

function firstClass(logits: Float32Array): number {
  return logits.reduce((best, value, i) => (value > logits[best]! ? i : best), 0);
}
