/** Contents of an ONNX file, and what of it this program can run. */
import type { Shape } from '../../graph/node.ts';
import { input } from '../../graph/ops/core/input.ts';
import { EMBEDDING_KINDS, type EmbeddingKind } from '../../model/embedding.ts';
import { chooseFeature, classifierInput } from '../../model/find_embedding.ts';
import { ELEMENTS } from '../../onnx/elements.ts';
import { importGraph, unsupportedOperators } from '../../onnx/import.ts';
import type { OnnxFile, OnnxGraph, ValueInfo } from '../../onnx/model.ts';
import { readExternal, readOnnx } from '../../onnx/read.ts';
import { selectOutputs } from '../../onnx/select.ts';
import type { OnnxTensor } from '../../onnx/tensor_types.ts';
import { isExpected } from '../shared/messages.ts';
import { type StoredType, tally } from './stored.ts';

/** Pixels a side, for classifiers that leave it open. */
const USUAL_SIZE = 299;

type Shapes = ReadonlyMap<string, Shape>;

/** A value of the file that can serve as embedding. */
interface EmbeddingChoice {
  readonly kind: EmbeddingKind;
  readonly output: string;
  readonly shape: ValueInfo['shape'];
}

export interface OnnxReport {
  readonly format: 'onnx';
  readonly producer: string;
  readonly irVersion: number;
  /** By domain; ONNX's own is `''`. */
  readonly opsets: Readonly<Record<string, number>>;
  readonly sha256: string;
  readonly inputs: readonly ValueInfo[];
  readonly outputs: readonly ValueInfo[];
  /** How many nodes there are of each operator, the most frequent first. */
  readonly operators: Readonly<Record<string, number>>;
  readonly stored: readonly StoredType[];
  readonly external: readonly { readonly file: string; readonly bytes: number }[];
  /** The operators that cannot be imported, and why; or what else stands in the way. */
  readonly unsupported: readonly string[];
  /** For classifiers of pictures. */
  readonly embeddings: readonly EmbeddingChoice[];
}

/** @throws FormatError for a file that is damaged, or whose external data is missing. */
export async function inspectOnnx(bytes: Uint8Array, path: string): Promise<OnnxReport> {
  const external = await readExternal(bytes, path, path);
  const file = await readOnnx(bytes, { name: path, external: Object.fromEntries(external) });
  const { graph } = file;
  const shapes = probeShapes(file);
  const unsupported = problems(file, shapes);
  return {
    format: 'onnx',
    producer: file.producer,
    irVersion: file.irVersion,
    opsets: Object.fromEntries(file.domains),
    sha256: file.sha256,
    inputs: graph.inputs,
    outputs: graph.outputs,
    operators: count(graph),
    stored: tally(constantsOf(graph).map(({ type, shape, size }) => ({ type, shape, bytes: size * BYTES.get(type)! }))),
    external: [...external].map(([location, { length }]) => ({ file: location, bytes: length })),
    unsupported,
    embeddings: embeddingsOf(file, unsupported.length === 0 ? shapes : undefined),
  };
}

const BYTES = new Map(Object.values(ELEMENTS).map(({ type, bytes }) => [type, bytes]));

/** Initializers, and what Constant nodes hold as tensors. */
function constantsOf({ initializers, nodes }: OnnxGraph): OnnxTensor[] {
  const constants = nodes.filter(({ opType, attributes }) => opType === 'Constant' && attributes.has('value'));
  return [...initializers.values(), ...constants.map(({ attributes }) => attributes.tensor('value'))];
}

function count({ nodes }: OnnxGraph): Record<string, number> {
  const counts = new Map<string, number>();
  for (const { domain, opType } of nodes) {
    const name = domain ? `${domain}.${opType}` : opType;
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return Object.fromEntries([...counts].sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1)));
}

/** Shapes to try the import with: one picture of the usual size; undefined where there is nothing to guess from. */
function probeShapes({ name, graph }: OnnxFile): Shapes | undefined {
  const side = isClassifier(name, graph) ? (classifierInput(name, graph).size ?? USUAL_SIZE) : undefined;
  const shapes = graph.inputs.map(({ shape }) =>
    shape?.map((extent, axis) => (typeof extent === 'number' ? extent : axis === 0 ? 1 : side)),
  );
  if (shapes.some((shape) => !shape || shape.includes(undefined))) return undefined;
  return new Map(graph.inputs.map((input, i) => [input.name, shapes[i] as number[]]));
}

function problems(file: OnnxFile, shapes: Shapes | undefined): string[] {
  const refused = unsupportedOperators(file, file.graph);
  if (refused.length > 0 || !shapes) return refused;
  const failure = ifExpected(() => importWith(file, file.graph, shapes));
  return failure instanceof Error ? [failure.message] : [];
}

function importWith(file: OnnxFile, graph: OnnxGraph, shapes: Shapes) {
  const feeds = graph.inputs.map(({ name }) => [name, input(name, shapes.get(name)!)] as const);
  return importGraph(file, graph, Object.fromEntries(feeds));
}

/** Every kind of embedding that every output leads to; none for what is no classifier of pictures. */
function embeddingsOf(file: OnnxFile, shapes: Shapes | undefined): EmbeddingChoice[] {
  const { name, graph } = file;
  if (!isClassifier(name, graph)) return [];
  const choices = new Map<string, EmbeddingChoice>();
  for (const { name: from } of graph.outputs) {
    for (const kind of EMBEDDING_KINDS) {
      const feature = ifExpected(() => chooseFeature(name, graph, kind, from));
      // A softmax that koalarize would have to add is nothing that the file holds.
      if (feature instanceof Error || feature.softmax || choices.has(feature.output)) continue;
      const { output } = feature;
      const imported = shapes && importWith(file, selectOutputs(graph, [output]), shapes)[output]!;
      const shape = imported?.shape ?? graph.values.get(output)?.shape;
      // A map with several places is no vector, though it could be read as one.
      if (shape && shape.slice(1).filter((extent) => extent !== 1).length > 1) continue;
      choices.set(output, { kind, output, shape });
    }
  }
  return [...choices.values()];
}

function isClassifier(name: string, graph: OnnxGraph): boolean {
  return !(ifExpected(() => classifierInput(name, graph)) instanceof Error);
}

/** The result of `attempt`, or the error that says why there is none. */
function ifExpected<T>(attempt: () => T): T | Error {
  try {
    return attempt();
  } catch (error) {
    if (isExpected(error)) return error;
    throw error;
  }
}
