/**
 * Importer of an ONNX graph: to nodes of ours, for feeds of known shapes. Layout stays the file's; passes remove the
 * transposes.
 */
import type { Node } from '../graph/node.ts';
import { errorWithin, FormatError, ShapeError } from '../runtime/errors.ts';
import type { OnnxFile, OnnxGraph, OnnxNode } from './model.ts';
import { operators } from './operators/index.ts';
import { NodeContext } from './operators/operator.ts';
import { labelOf } from './order.ts';
import { MAX_KNOWN, Unsupported, Value } from './values.ts';

/** The newest opset that ONNX has released. What later ones change is not known here, so they are refused. */
export const NEWEST_OPSET = 26;
/** Most elements of all arrays that are computed during import, together. */
const MAX_KNOWN_TOTAL = 4 * MAX_KNOWN;

/**
 * Checks, before anything is computed, that all operators of `graph` can be imported.
 *
 * @throws FormatError that names every one that cannot, with its node and opset.
 */
export function checkOperators(file: OnnxFile, graph: OnnxGraph): void {
  throwUnsupported(file, refusals(file, graph));
}

/** Lists the operators of `graph` that cannot be imported, with node, opset and reason, as far as no shapes decide it. */
export function unsupportedOperators(file: OnnxFile, graph: OnnxGraph): string[] {
  return listProblems(file, refusals(file, graph));
}

/**
 * Builds the graph that computes `graph`'s outputs from `feeds`, which are in the file's layout.
 *
 * @throws FormatError for what cannot be imported, all of it at once. ShapeError for shapes that do not fit.
 */
export function importGraph(
  file: OnnxFile,
  graph: OnnxGraph,
  feeds: Readonly<Record<string, Node>>,
): Record<string, Value> {
  const values = new Map(
    graph.inputs.map(({ name, type }) => [name, Value.of(feeds[name]!, type ?? 'float32')] as const),
  );
  const problems = new Map<OnnxNode, string>();
  let known = 0;
  const resolve = (name: string): Value | undefined => {
    const tensor = graph.initializers.get(name);
    if (tensor && !values.has(name)) values.set(name, Value.stored(tensor));
    return values.get(name);
  };
  for (const node of graph.nodes) {
    try {
      const inputs = node.inputs.map(resolve);
      // What depends on something that is unsupported is not a problem of its own.
      if (node.inputs.some((name, i) => name !== '' && !inputs[i])) continue;
      const results = [operators.get(node.opType)!.run(new NodeContext(node, file.opset, inputs))].flat();
      node.outputs.slice(0, results.length).forEach((name, i) => {
        values.set(name, results[i]!);
        known += results[i]!.count;
      });
      if (known > MAX_KNOWN_TOTAL) {
        throw new ShapeError({ expected: `at most ${MAX_KNOWN_TOTAL} elements to compute during import`, got: 'more' });
      }
    } catch (error) {
      if (!(error instanceof Unsupported)) throw located(error, node, file);
      problems.set(node, error.message);
    }
  }
  throwUnsupported(file, problems);
  return Object.fromEntries(graph.outputs.map(({ name }) => [name, resolve(name)!]));
}

function refusals(file: OnnxFile, graph: OnnxGraph): Map<OnnxNode, string> {
  const used = new Set([...graph.nodes.flatMap(({ inputs }) => inputs), ...graph.outputs.map(({ name }) => name)]);
  const problems = new Map<OnnxNode, string>();
  for (const node of graph.nodes) {
    const problem = refusal(node, file.opset, used);
    if (problem) problems.set(node, problem);
  }
  return problems;
}

/** Why a node cannot be imported, as far as that does not depend on shapes. */
function refusal(node: OnnxNode, opset: number, used: ReadonlySet<string>): string | false {
  const operator = operators.get(node.opType);
  if (node.domain !== '') return `it is of domain '${node.domain}'`;
  if (!operator) return 'there is no such operator here';
  if (opset > NEWEST_OPSET) return `expected opset ${NEWEST_OPSET} or older`;
  const foreign = node.attributes.names().filter((name) => !operator.attributes?.includes(name));
  if (foreign.length > 0) return `attribute ${foreign.map((name) => `'${name}'`).join(', ')}`;
  const extra = node.outputs.slice(operator.outputs ?? 1).filter((name) => name !== '' && used.has(name));
  if (extra.length > 0) return `output ${extra.map((name) => `'${name}'`).join(', ')} is used`;
  return operator.refuse?.(node.attributes, opset, node.outputs.length) ?? false;
}

function throwUnsupported(file: OnnxFile, problems: ReadonlyMap<OnnxNode, string>): void {
  if (problems.size === 0) return;
  const list = listProblems(file, problems);
  throw new FormatError({
    where: file.name,
    expected: 'operators that can be imported',
    got: `${list.length} that cannot: ${list.join('; ')}`,
    hint: 'choose outputs that do not need them, or export without them',
  });
}

function listProblems(file: OnnxFile, problems: ReadonlyMap<OnnxNode, string>): string[] {
  return [...problems].map(([node, problem]) => `${labelOf(node)} (opset ${versionOf(file, node)}): ${problem}`);
}

function versionOf(file: OnnxFile, { domain }: OnnxNode): number | string {
  return file.domains.get(domain) ?? 'unknown';
}

/** Says where in the file an error comes from. */
function located(error: unknown, node: OnnxNode, file: OnnxFile): unknown {
  const where = `${file.name}: ${labelOf(node)}`;
  const isOurs = error instanceof ShapeError || (error instanceof FormatError && !error.message.startsWith(file.name));
  return isOurs ? errorWithin(where, error) : error;
}
