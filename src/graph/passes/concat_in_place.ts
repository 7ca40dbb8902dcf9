/**
 * Concatenation in place: what is concatenated along the channels is written where it belongs at once.
 *
 * Where the first branch is the last part of a merged convolution, it stays there: the merged result gets room behind
 * it for the other branches, and the concatenation is a range of its channels.
 */
import { apply, isOp, type Node, reachable } from '../node.ts';
import { conv2dOp } from '../ops/conv/conv2d.ts';
import { writeInto } from '../ops/core/write_into.ts';
import { concatOp } from '../ops/movement/concat.ts';
import { slice, sliceOp } from '../ops/movement/slice.ts';
import { countUses, isFrozen, type Pass, rewrite } from '../rewrite.ts';
import { firstChannel } from './channel_range.ts';

export const concatInPlace: Pass = (outputs) => {
  const uses = countUses(outputs);
  const merged = findMerged(outputs, uses);
  const concatOf = new Map([...merged].map(([joined, conv]) => [conv, joined]));
  return rewrite(outputs, (node, inputs) => {
    const follower = concatOf.get(node);
    if (follower) {
      const room = follower.shape[3]! - follower.inputs[0]!.shape[3]!;
      return writeInto(apply(node.op, inputs, node.attrs), node.shape[3]! + room, 0);
    }
    if (!isChannelConcat(node)) return undefined;
    // Channels of the merged convolution that are not concatenated come before those that are.
    const before = merged.has(node) ? merged.get(node)!.shape[3]! - node.inputs[0]!.shape[3]! : 0;
    const channels = before + node.shape[3]!;
    let whole = merged.has(node) ? inputs[0]!.inputs[0] : undefined;
    let first = before;
    node.inputs.forEach((part, i) => {
      if (i > 0 || !merged.has(node)) {
        const own = inputs[i]!.op.strided && uses.get(part) === 1 ? inputs[i]! : copyOf(inputs[i]!);
        whole = writeInto(own, channels, first, whole);
      }
      first += part.shape[3]!;
    });
    return merged.has(node) ? slice(whole!, [0, 0, 0, before], node.shape) : whole;
  });
};

/** The concatenations whose first branch can stay in a merged convolution, with that convolution. */
function findMerged(outputs: readonly Node[], uses: ReadonlyMap<Node, number>): Map<Node, Node> {
  const nodes = reachable(outputs);
  const ranges = new Map<Node, number>();
  for (const node of nodes) {
    if (firstChannel(node) !== undefined) ranges.set(node.inputs[0]!, (ranges.get(node.inputs[0]!) ?? 0) + 1);
  }
  const found = new Map<Node, Node>();
  for (const node of nodes.filter(isChannelConcat)) {
    const [branch, ...others] = node.inputs;
    const conv = branch!.inputs[0];
    const first = firstChannel(branch!);
    if (first === undefined || !isOp(conv, conv2dOp) || uses.get(branch!) !== 1) continue;
    // All else that reads it must read a range too, for it will have more channels.
    const isLast = first + branch!.shape[3]! === conv!.shape[3];
    if (!isLast || ranges.get(conv!) !== uses.get(conv!) || [...found.values()].includes(conv!)) continue;
    // A dispatch can't read and write one buffer, so no branch may be computed from the merged convolution directly.
    const reads = (part: Node) =>
      part.inputs.some((x) => x === conv || (firstChannel(x) !== undefined && x.inputs[0] === conv));
    if (!others.some(reads)) found.set(node, conv!);
  }
  return found;
}

function isChannelConcat(node: Node): boolean {
  return isOp(node, concatOp) && node.shape.length === 4 && node.attrs.axis === 3 && !isFrozen(node);
}

const copyOf = (x: Node): Node => apply(sliceOp, [x], { starts: [0, 0, 0, 0], shape: x.shape, steps: [1, 1, 1, 1] });
