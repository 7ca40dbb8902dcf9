/** Topological order of a graph's nodes, and cycle detection. */
import { FormatError } from '../runtime/errors.ts';
import type { OnnxNode } from './model.ts';

const MOST_LISTED = 10;

/**
 * Orders nodes so that each comes after those it uses; nodes that are in order already stay as they are.
 *
 * @param given inputs and initializers
 * @param outputs values that must exist at the end
 * @throws FormatError for values that nothing makes (all of them are named), values made twice, and cycles.
 */
export function inOrder(
  nodes: readonly OnnxNode[],
  given: ReadonlySet<string>,
  outputs: readonly string[],
  file: string,
): OnnxNode[] {
  const makers = makersOf(nodes, given, file);
  const known = (value: string) => value === '' || given.has(value) || makers.has(value);
  const missing = [
    ...nodes.flatMap((node) =>
      node.inputs.filter((value) => !known(value)).map((value) => `'${value}' for ${labelOf(node)}`),
    ),
    ...outputs.filter((value) => !known(value)).map((value) => `'${value}' for an output`),
  ];
  if (missing.length) {
    const more = missing.length > MOST_LISTED ? ` and ${missing.length - MOST_LISTED} more` : '';
    const list = missing.slice(0, MOST_LISTED).join(', ');
    throw new FormatError({
      where: file,
      expected: 'an input, an initializer or a node for each value',
      got: `none of ${list}${more}`,
    });
  }
  return sort(nodes, makers, file);
}

/** What messages call a node. */
export function labelOf({ opType, name, outputs }: Pick<OnnxNode, 'opType' | 'name' | 'outputs'>): string {
  return name ? `${opType} '${name}'` : `${opType} that makes '${outputs[0] ?? ''}'`;
}

function makersOf(nodes: readonly OnnxNode[], given: ReadonlySet<string>, file: string): Map<string, OnnxNode> {
  const makers = new Map<string, OnnxNode>();
  for (const node of nodes)
    for (const output of node.outputs) {
      if (output === '') continue;
      const other = makers.get(output);
      if (other || given.has(output)) {
        const already = other ? labelOf(other) : 'an input or initializer';
        throw new FormatError({
          where: file,
          expected: `'${output}' to be made once`,
          got: `${already} and ${labelOf(node)}`,
        });
      }
      makers.set(output, node);
    }
  return makers;
}

/** Depth first with a stack of its own: a chain of nodes may be longer than JavaScript's. */
function sort(nodes: readonly OnnxNode[], makers: ReadonlyMap<string, OnnxNode>, file: string): OnnxNode[] {
  const sorted = new Set<OnnxNode>();
  const open = new Set<OnnxNode>();
  for (const first of nodes) {
    const stack = sorted.has(first) ? [] : [{ node: first, next: 0 }];
    open.add(first);
    while (stack.length) {
      const top = stack.at(-1)!;
      if (top.next === top.node.inputs.length) {
        sorted.add(top.node);
        open.delete(top.node);
        stack.pop();
        continue;
      }
      const node = makers.get(top.node.inputs[top.next++]!);
      if (!node || sorted.has(node)) continue;
      if (open.has(node)) {
        const cycle = stack.slice(stack.findIndex((entry) => entry.node === node)).map((entry) => labelOf(entry.node));
        const list = cycle.slice(0, MOST_LISTED).reverse().join(' → ');
        throw new FormatError({
          where: file,
          expected: 'a graph without cycles',
          got: `one of ${cycle.length} nodes: ${list}`,
        });
      }
      open.add(node);
      stack.push({ node, next: 0 });
    }
  }
  return [...sorted];
}
