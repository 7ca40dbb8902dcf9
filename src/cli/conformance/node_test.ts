/** One ONNX backend node test: a model, and for each data set what goes in and what must come out. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { loadOnnx } from '../../onnx/load.ts';
import type { OnnxFile } from '../../onnx/model.ts';
import { onnx } from '../../onnx/proto.ts';
import { readOnnx } from '../../onnx/read.ts';
import { decodeTensor } from '../../onnx/tensor.ts';
import type { OnnxTensor } from '../../onnx/tensor_types.ts';
import { FormatError } from '../../runtime/errors.ts';
import type { Gpu } from '../../runtime/gpu.ts';
import { readBytes } from '../../runtime/node/adapters.ts';
import { isExpected } from '../shared/messages.ts';

/** Differences that pass, as in ONNX's own runner: |got − expected| ≤ ABSOLUTE + RELATIVE · |expected|. */
export const RELATIVE = 1e-3;
export const ABSOLUTE = 1e-7;

export interface NodeTestResult {
  readonly name: string;
  readonly operators: readonly string[];
  /** `unsupported`: refused before anything was computed. */
  readonly status: 'passed' | 'failed' | 'unsupported';
  /** Why it did not pass. */
  readonly reason?: string;
}

/** A `.pb` file. */
interface TensorFile {
  readonly path: string;
  readonly bytes: Uint8Array;
}

type Array = { readonly data: Float32Array; readonly shape: readonly number[] };

/** Runs a test. Never throws for what is wrong with the test, its files, or our result. */
export async function runNodeTest(gpu: Gpu, folder: string, name: string): Promise<NodeTestResult> {
  let operators: string[] = [];
  const outcome = (status: NodeTestResult['status'], reason?: string): NodeTestResult => ({
    name,
    operators,
    status,
    ...(reason !== undefined && { reason }),
  });
  try {
    const path = join(folder, name, 'model.onnx');
    const bytes = await readBytes(path);
    const file = await readOnnx(bytes, { name: path });
    operators = [...new Set(file.graph.nodes.map(({ domain, opType }) => (domain ? `${domain}.${opType}` : opType)))];
    const sets = (await readdir(join(folder, name))).filter((entry) => entry.startsWith('test_data_set_')).sort();
    if (sets.length === 0) return outcome('failed', 'expected a folder test_data_set_0, got none');
    for (const set of sets) {
      const at = join(folder, name, set);
      const inputs = await readTensors(at, 'input', file.graph.inputs.length);
      const expected = await readTensors(at, 'output', file.graph.outputs.length);
      const results = await compute(gpu, name, callOf(file, bytes, inputs));
      if (results instanceof FormatError) return outcome('unsupported', results.message);
      for (const [i, { name: output }] of file.graph.outputs.entries()) {
        const wrong = difference(results[output], decodeTensor(expected[i]!.bytes, expected[i]!.path));
        if (wrong) return outcome('failed', `${set}, '${output}': ${wrong}`);
      }
    }
    return outcome('passed');
  } catch (error) {
    return outcome('failed', isExpected(error) ? error.message : `internal error: ${(error as Error).stack}`);
  }
}

/** @throws FormatError for a file that is missing. */
async function readTensors(folder: string, kind: 'input' | 'output', count: number): Promise<TensorFile[]> {
  const files: TensorFile[] = [];
  for (let i = 0; i < count; i++) {
    const path = join(folder, `${kind}_${i}.pb`);
    files.push({ path, bytes: await readBytes(path) });
  }
  return files;
}

/** What a model is run with. */
interface Call {
  readonly bytes: Uint8Array;
  readonly feeds: Readonly<Record<string, Array>>;
}

/** @throws FormatError for tensors that are damaged. */
function callOf(file: OnnxFile, bytes: Uint8Array, inputs: readonly TensorFile[]): Call {
  const fed = new Map<string, Array>();
  const constants: onnx.ITensorProto[] = [];
  file.graph.inputs.forEach(({ name }, i) => {
    const input = inputs[i]!;
    const tensor = decodeTensor(input.bytes, input.path);
    // Integers are shapes, axes and the like: they must be known when the model is compiled.
    if (tensor.type.includes('float')) fed.set(name, { data: tensor.floats(), shape: tensor.shape });
    else constants.push(Object.assign(onnx.TensorProto.decode(input.bytes), { name }));
  });
  const feeds = Object.fromEntries(fed);
  if (constants.length === 0) return { bytes, feeds };
  const model = onnx.ModelProto.decode(bytes);
  model.graph!.initializer!.push(...constants);
  return { bytes: onnx.ModelProto.encode(model).finish(), feeds };
}

/** Runs the model; or says why it is refused. */
async function compute(gpu: Gpu, name: string, { bytes, feeds }: Call): Promise<Record<string, Array> | FormatError> {
  try {
    const model = await loadOnnx(gpu, bytes, { name });
    try {
      return await model.run(feeds);
    } finally {
      model.close();
    }
  } catch (error) {
    if (error instanceof FormatError) return error;
    throw error;
  }
}

/** What is wrong with a result; undefined where nothing is. */
export function difference(got: Array | undefined, tensor: OnnxTensor): string | undefined {
  const { shape } = tensor;
  if (got?.shape.join() !== shape.join()) {
    return `expected shape [${shape.join(', ')}], got ${got ? `[${got.shape.join(', ')}]` : 'no result'}`;
  }
  const expected = tensor.floats();
  let worst: { distance: number; at: number } | undefined;
  expected.forEach((value, at) => {
    const other = got.data[at]!;
    if (Object.is(other, value) || other === value) return;
    // NaN and infinities are right only where they are expected.
    const finite = Number.isFinite(value) && Number.isFinite(other);
    const distance = finite ? Math.abs(other - value) : Number.POSITIVE_INFINITY;
    if (finite && distance <= ABSOLUTE + RELATIVE * Math.abs(value)) return;
    if (!worst || distance > worst.distance) worst = { distance, at };
  });
  if (!worst) return undefined;
  const { at } = worst;
  return `expected ${expected[at]}, got ${got.data[at]} at element ${at} of ${expected.length}, the largest difference`;
}
