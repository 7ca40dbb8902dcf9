/** Models that nobody vouches for: all that is done with a file's bytes, and messages by hand. */
import { expect } from 'vitest';
import { input } from '../../src/graph/ops/core/input.ts';
import { decodeOnnx, externalLocations } from '../../src/onnx/decode.ts';
import { checkOperators, importGraph } from '../../src/onnx/import.ts';
import type { OnnxGraph } from '../../src/onnx/model.ts';
import { selectOutputs } from '../../src/onnx/select.ts';
import type { OnnxTensor } from '../../src/onnx/tensor_types.ts';

const SECONDS = 5;

/** Everything that is done with a file's bytes, in order. */
const stages: ((bytes: Uint8Array, files: ReadonlyMap<string, Uint8Array>) => void)[] = [
  (bytes) => void externalLocations(bytes, 'm.onnx'),
  (bytes, files) => {
    const { graph } = decodeOnnx(bytes, 'm.onnx', files);
    for (const constant of constantsOf(graph)) {
      throwsOnlyOurs(() => constant.floats());
      throwsOnlyOurs(() => constant.integers());
    }
    for (const { name } of graph.outputs) selectOutputs(graph, [name]);
  },
  (bytes, files) => {
    const file = { ...decodeOnnx(bytes, 'm.onnx', files), sha256: '' };
    const shapes = file.graph.inputs.map(
      ({ name, shape }) => [name, shape?.map((n) => (typeof n === 'number' ? n : 1)) ?? []] as const,
    );
    checkOperators(file, file.graph);
    importGraph(file, file.graph, Object.fromEntries(shapes.map(([name, shape]) => [name, input(name, shape)])));
  },
];

/** Runs the stages. @returns whether the bytes are a model; anything but the project's own errors is thrown. */
export function isModel(bytes: Uint8Array, files: ReadonlyMap<string, Uint8Array>): boolean {
  const start = process.cpuUsage();
  const accepted = throwsOnlyOurs(() => {
    for (const stage of stages) stage(bytes, files);
  });
  // Of this process alone: other work on the machine doesn't count.
  const { user, system } = process.cpuUsage(start);
  expect((user + system) / 1e6).toBeLessThan(SECONDS);
  return accepted;
}

function throwsOnlyOurs(action: () => void): boolean {
  try {
    action();
    return true;
  } catch (error) {
    if (error instanceof Error && /^(Format|Shape)Error$/.test(error.name)) return false;
    throw error;
  }
}

function constantsOf(graph: OnnxGraph): OnnxTensor[] {
  const ofNodes = graph.nodes.filter(({ opType, attributes }) => opType === 'Constant' && attributes.has('value'));
  return [...graph.initializers.values(), ...ofNodes.map(({ attributes }) => attributes.tensor('value'))];
}

/** Puts a message into a field of another. */
export function wrap(message: Uint8Array, field: number): Uint8Array<ArrayBuffer> {
  const head = [field * 8 + 2];
  let length = message.length;
  for (; length > 127; length >>>= 7) head.push((length & 127) | 128);
  return splice(message, 0, 0, [...head, length]);
}

export function splice(
  bytes: Uint8Array,
  start: number,
  removed: number,
  added: readonly number[],
): Uint8Array<ArrayBuffer> {
  const result = new Uint8Array(bytes.length - Math.min(removed, bytes.length - start) + added.length);
  result.set(bytes.subarray(0, start));
  result.set(added, start);
  result.set(bytes.subarray(start + removed), start + added.length);
  return result;
}
