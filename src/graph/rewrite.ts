/** Rewriting of graphs, for passes: rebuilding one with some of its nodes replaced. */
import { apply, isOp, type Node, reachable } from './node.ts';
import type { ConvDirectAttrs } from './ops/conv/conv_direct.ts';
import { constantOp } from './ops/core/constant.ts';
import { tensorOp } from './ops/core/tensor.ts';

/** Optimizes the graph that computes `outputs`; returns as many outputs, with the same values. */
export type Pass = (outputs: readonly Node[]) => Node[];

/**
 * Rebuilds the graph in order. `replace` sees each node with its inputs already rebuilt, and returns what takes its
 * place, or `undefined` to keep it.
 */
export function rewrite(
  outputs: readonly Node[],
  replace: (node: Node, inputs: readonly Node[]) => Node | undefined,
): Node[] {
  const rebuilt = new Map<Node, Node>();
  for (const node of reachable(outputs)) {
    const inputs = node.inputs.map((input) => rebuilt.get(input)!);
    const replacement = replace(node, inputs);
    // Sources keep their identity: feeds and parameters are found by node.
    rebuilt.set(node, replacement ?? (inputs.length === 0 ? node : apply(node.op, inputs, node.attrs)));
  }
  return outputs.map((node) => rebuilt.get(node)!);
}

/** How many nodes (and outputs) use each node. */
export function countUses(outputs: readonly Node[]): Map<Node, number> {
  const uses = new Map<Node, number>();
  const count = (node: Node) => uses.set(node, (uses.get(node) ?? 0) + 1);
  outputs.forEach(count);
  for (const node of reachable(outputs)) node.inputs.forEach(count);
  return uses;
}

const frozen = new WeakMap<Node, boolean>();

/** Whether `node` is the same in every run: computed from constant arrays alone. */
export function isFrozen(node: Node): boolean {
  const known = frozen.get(node);
  if (known !== undefined) return known;
  const unknown = [node];
  for (let each = unknown.at(-1); each; each = unknown.at(-1)) {
    const inputs = each.inputs.filter((input) => !frozen.has(input));
    for (const input of inputs) unknown.push(input);
    if (inputs.length === 0) {
      const leaf = isOp(each, tensorOp) || isOp(each, constantOp);
      frozen.set(each, leaf || (each.inputs.length > 0 && each.inputs.every((input) => frozen.get(input)!)));
      unknown.pop();
    }
  }
  return frozen.get(node)!;
}

/**
 * Like `rewrite`; `usedOnce` tells of a rebuilt node whether what it stands for has one user only, so that it can be
 * taken into that user. So has every node that `replace` makes inside a replacement.
 */
export function rewriteUses(
  outputs: readonly Node[],
  replace: (node: Node, inputs: readonly Node[], usedOnce: (input: Node) => boolean) => Node | undefined,
): Node[] {
  const uses = countUses(outputs);
  const usesOfRebuilt = new Map<Node, number>();
  return rewrite(outputs, (node, inputs) => {
    const replaced = replace(node, inputs, (input) => (usesOfRebuilt.get(input) ?? 1) === 1);
    const result = replaced ?? (inputs.length === 0 ? node : apply(node.op, inputs, node.attrs));
    usesOfRebuilt.set(result, uses.get(node) ?? 0);
    return result;
  });
}

/** Told by its name: graphs without `conv_direct` do not load its kernels for passes that look for it. */
export const isConvDirect = (node: Node): node is Node<ConvDirectAttrs> => node.op.name === 'conv_direct';
