/** One operator, on ours and on ONNX Runtime's CPU provider. */
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { expect } from 'vitest';
import { loadOnnx, type OnnxArray } from '../../src/onnx/load.ts';
import type { DataType } from '../../src/onnx/tensor_types.ts';
import { gpu } from './gpu.ts';
import { model, node, tensor, value } from './proto_builder.ts';
import { random } from './random.ts';

type Attributes = Parameters<typeof node>[3];

/** A constant argument of a test: an initializer. */
export interface Constant {
  readonly shape: readonly number[];
  readonly data: readonly (number | bigint)[];
  readonly type: DataType;
}

/** An argument: the shape of something that is fed, a constant, or `''` for one that is left out. */
export type Argument = readonly number[] | Constant | '';

/** An operator with its arguments, attributes and opset (default 17). */
export interface Case {
  readonly op: string;
  readonly inputs: readonly Argument[];
  readonly attributes?: Attributes;
  readonly opset?: number;
  /** Type of the outputs; default float32. */
  readonly type?: DataType;
  /** How many outputs there are; default 1. */
  readonly outputs?: number;
  /** By what the numbers that are fed are multiplied; default 2, so that they lie in (-2, 2). */
  readonly scale?: number;
  /** Allowed difference, relative to the largest expected number; default 1e-5. */
  readonly tolerance?: number;
}

/** A list of integers as an initializer. */
export const ints = (...data: (number | bigint)[]): Constant => ({ shape: [data.length], data, type: 'int64' });
/** Floats as an initializer; a scalar by `floats([], 3)`. */
export const floats = (shape: readonly number[], ...data: number[]): Constant => ({ shape, data, type: 'float32' });

/**
 * Expects ours to give what ONNX Runtime gives: shapes, and numbers within the tolerance.
 *
 * @param as what ONNX Runtime runs, with the same numbers: for opsets that it does not have
 */
export async function expectSame(of: Case, as: Case = of): Promise<void> {
  const { bytes, feeds } = modelOf(of);
  const other = modelOf(as);
  await expectModel(bytes, feeds, of.tolerance, as === of ? { bytes, feeds } : other);
}

function modelOf(of: Case): { readonly bytes: Uint8Array; readonly feeds: Record<string, OnnxArray> } {
  const names = of.inputs.map((input, i) => (input === '' ? '' : `x${i}`));
  const outputs = Array.from({ length: of.outputs ?? 1 }, (_, i) => `y${i}`);
  const fed = of.inputs.flatMap((input, i) => (isShape(input) ? [{ name: names[i]!, shape: input, seed: i + 1 }] : []));
  const bytes = model({
    nodes: [node(of.op, names, outputs, of.attributes)],
    inputs: fed.map(({ name, shape }) => value(name, shape)),
    outputs: outputs.map((name) => value(name, undefined, of.type)),
    initializers: of.inputs.flatMap((input, i) =>
      input !== '' && !isShape(input) ? [tensor(names[i]!, input.shape, input.data, { type: input.type })] : [],
    ),
    opset: of.opset ?? 17,
  });
  const feeds = Object.fromEntries(
    fed.map(({ name, shape, seed }) => {
      const size = shape.reduce((product, extent) => product * extent, 1);
      return [name, { data: random(size, seed).map((x) => x * (of.scale ?? 2)), shape }];
    }),
  );
  return { bytes, feeds };
}

/** Expects ours to give what ONNX Runtime gives for a whole model, or for another one that `as` has. */
export async function expectModel(
  bytes: Uint8Array,
  feeds: Record<string, OnnxArray>,
  tolerance = 1e-5,
  as: { readonly bytes: Uint8Array; readonly feeds: Record<string, OnnxArray> } = { bytes, feeds },
) {
  const expected = await reference(as.bytes, as.feeds);
  const loaded = await loadOnnx(gpu, bytes);
  try {
    const results = await loaded.run(feeds);
    expect(Object.keys(results)).toEqual(Object.keys(expected));
    for (const [name, { data, shape }] of Object.entries(expected)) {
      expect(results[name]!.shape, name).toEqual(shape);
      expectClose(results[name]!.data, data, tolerance);
    }
  } finally {
    loaded.close();
  }
}

/** What ONNX Runtime gives, as numbers of whatever type. */
export async function reference(bytes: Uint8Array, feeds: Record<string, OnnxArray>) {
  const session = await InferenceSession.create(bytes, { logSeverityLevel: 3, graphOptimizationLevel: 'disabled' });
  const tensors = Object.entries(feeds).map(([name, { data, shape }]) => [name, new Tensor('float32', data, shape)]);
  const results = await session.run(Object.fromEntries(tensors));
  await session.release();
  return Object.fromEntries(
    session.outputNames.map((name) => {
      const { data, dims } = results[name]!;
      return [name, { data: Array.from(data as Iterable<number | bigint>, Number), shape: [...dims] }];
    }),
  );
}

function expectClose(got: Float32Array, expected: readonly number[], tolerance: number): void {
  expect(got.length).toBe(expected.length);
  const largest = expected.reduce((most, each) => (Number.isFinite(each) ? Math.max(most, Math.abs(each)) : most), 0);
  expected.forEach((each, i) => {
    const equal = Object.is(got[i], each) || Math.abs(got[i]! - each) <= tolerance * largest;
    if (!equal) expect(got[i], `element ${i} of ${expected.length}`).toBe(each);
  });
}

function isShape(argument: Argument): argument is readonly number[] {
  return Array.isArray(argument);
}
