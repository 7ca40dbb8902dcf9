/** Chosen outputs: the part of a graph that some of its values need. */
import { FormatError } from '../runtime/errors.ts';
import type { OnnxGraph } from './model.ts';

const MOST_LISTED = 20;

/**
 * Cuts a graph down to what computes `names`, in their order: any of its values, not only its outputs.
 *
 * @throws FormatError for a name that the graph does not have; the message lists what there is.
 */
export function selectOutputs(graph: OnnxGraph, names: readonly string[]): OnnxGraph {
  const given = [...graph.inputs.map(({ name }) => name), ...graph.initializers.keys()];
  const made = graph.nodes.flatMap(({ outputs }) => outputs.filter((name) => name !== ''));
  const known = new Set([...given, ...made]);
  const unknown = names.filter((name) => !known.has(name));
  if (unknown.length || !names.length) {
    const outputs = graph.outputs.map(({ name }) => `'${name}'`).join(', ');
    const others = made.filter((name) => !graph.outputs.some((output) => output.name === name)).reverse();
    const list = others.slice(0, MOST_LISTED).map((name) => `'${name}'`);
    if (others.length > MOST_LISTED) list.push(`… (${others.length} in all)`);
    const rest = list.length ? `; or, from the last, of the values inside: ${list.join(', ')}` : '';
    const got = unknown.map((name) => `'${name}'`).join(', ') || 'none';
    throw new FormatError({ where: `outputs of '${graph.name}'`, expected: `some of ${outputs}${rest}`, got });
  }
  const needed = new Set(names);
  const kept = graph.nodes
    .toReversed()
    .filter((node) => {
      const alive = node.outputs.some((name) => needed.has(name));
      if (alive) for (const input of node.inputs) needed.add(input);
      return alive;
    })
    .reverse();
  return {
    ...graph,
    inputs: graph.inputs.filter(({ name }) => needed.has(name)),
    outputs: names.map((name) => graph.values.get(name) ?? { name, type: undefined, shape: undefined }),
    initializers: new Map([...graph.initializers].filter(([name]) => needed.has(name))),
    nodes: kept,
  };
}
