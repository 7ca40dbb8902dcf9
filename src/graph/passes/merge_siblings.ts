/**
 * 1x1 convolutions of one input become one with all their channels: fewer dispatches, and more work in each.
 * Their results are ranges of its channels.
 */
import { apply, isOp, type Node, reachable } from '../node.ts';
import { type Conv2dAttrs, conv2dOp } from '../ops/conv/conv2d.ts';
import { concat, concatOp } from '../ops/movement/concat.ts';
import { slice } from '../ops/movement/slice.ts';
import { isFrozen, type Pass, rewrite } from '../rewrite.ts';

type Conv = Node<Conv2dAttrs>;

export const mergeSiblings: Pass = (outputs) => {
  const families = new Map<string, Conv[]>();
  const concatenated = new Set<Node>();
  for (const node of reachable(outputs)) {
    for (const input of isOp(node, concatOp) ? node.inputs : []) concatenated.add(input);
    if (!isCandidate(node)) continue;
    const key = `${node.inputs[0]!.id} ${JSON.stringify(node.attrs)}`;
    families.set(key, [...(families.get(key) ?? []), node]);
  }
  /** Of each of the family, where its channels begin. */
  const places = new Map<Node, { readonly family: readonly Conv[]; readonly first: number }>();
  for (const family of families.values()) {
    if (family.length < 2) continue;
    // What is concatenated comes last, so that it can lie where the rest of the concatenation follows.
    const ordered = [...family.filter((node) => !concatenated.has(node)), ...family.filter((n) => concatenated.has(n))];
    let first = 0;
    for (const node of ordered) {
      places.set(node, { family: ordered, first });
      first += node.shape[3]!;
    }
  }
  const merged = new Map<readonly Conv[], Node>();
  return rewrite(outputs, (node, inputs) => {
    const place = places.get(node);
    if (!place) return undefined;
    const whole = merged.get(place.family) ?? merge(place.family, inputs[0]!);
    merged.set(place.family, whole);
    return slice(whole, [0, 0, 0, place.first], node.shape);
  });
};

function isCandidate(node: Node): node is Conv {
  if (!isOp(node, conv2dOp) || node.inputs.length !== 3 || node.shape[3]! % 4 !== 0) return false;
  const [, w, bias] = node.inputs;
  const { residual, strides, pads } = node.attrs;
  const pointwise =
    [w!.shape[0], w!.shape[1], ...strides].every((extent) => extent === 1) && pads.every((p) => p === 0);
  return pointwise && !residual && isFrozen(w!) && isFrozen(bias!) && bias!.shape.length === 1;
}

/** Constants are the same node before and after rewriting, or computed alike: the family's own are taken. */
function merge(family: readonly Conv[], x: Node): Node {
  const weights = concat(
    family.map(({ inputs }) => inputs[1]!),
    3,
  );
  const bias = concat(
    family.map(({ inputs }) => inputs[2]!),
    0,
  );
  return apply(conv2dOp, [x, weights, bias], family[0]!.attrs);
}
