/** Reverse-mode differentiation: walks the graph backwards once and returns gradients as nodes of the same graph. */
import { ShapeError } from '../runtime/errors.ts';
import { type Node, reachable, sizeOf } from './node.ts';
import { constant } from './ops/core/constant.ts';
import { add } from './ops/elementwise/add.ts';

/**
 * Returns d(loss)/d(node) for each node of `wrt`, each shaped like its node.
 *
 * @param scale what all of them are multiplied by, of the loss's shape
 * @throws ShapeError when `loss` has more than one element, or a node does not influence it.
 */
export function gradients(loss: Node, wrt: readonly Node[], scale = constant(loss.shape, 1)): Node[] {
  if (sizeOf(loss.shape) !== 1) {
    throw new ShapeError({
      where: 'gradients',
      expected: 'a loss of 1 element',
      got: `[${loss.shape.join(', ')}]`,
      hint: 'reduce it first',
    });
  }
  const nodes = reachable([loss]);
  const needed = influencedBy(nodes, new Set(wrt));
  const sums = new Map<Node, Node>([[loss, scale]]);
  for (const node of nodes.toReversed()) {
    const dy = sums.get(node);
    const rule = node.op.gradient;
    if (!dy || !needed.has(node) || rule === 'source') continue;
    if (typeof rule === 'string') {
      throw new ShapeError({
        where: 'gradients',
        expected: 'operations that have a gradient between wrt and the loss',
        got: `${node.op.name} (${rule})`,
      });
    }
    const grads = rule({ inputs: node.inputs, output: node, dy, attrs: node.attrs });
    node.inputs.forEach((input, i) => {
      const grad = grads[i];
      if (!grad || !needed.has(input)) return;
      const sum = sums.get(input);
      sums.set(input, sum ? add(sum, grad) : grad);
    });
  }
  return wrt.map((node, i) => {
    const grad = sums.get(node);
    if (!grad)
      throw new ShapeError({
        where: 'gradients',
        expected: 'a loss that depends on each node of wrt',
        got: `one that does not on node ${i} (${node.op.name})`,
      });
    return grad;
  });
}

/** The nodes of `nodes` (inputs first) that are in `sources` or computed from them. */
function influencedBy(nodes: readonly Node[], sources: ReadonlySet<Node>): Set<Node> {
  const influenced = new Set<Node>();
  for (const node of nodes) {
    if (sources.has(node) || node.inputs.some((input) => influenced.has(input))) influenced.add(node);
  }
  return influenced;
}
