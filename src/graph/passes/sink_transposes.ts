/**
 * Transposes move behind the ops that don't mind, until they meet their inverse: so a network imported channels first
 * runs channels last throughout. y = transpose(x, perm): axis i of y is axis perm[i] of x.
 */
import { apply, isOp, type Node, type Op, type Shape } from '../node.ts';
import { addOp } from '../ops/elementwise/add.ts';
import { binaryOp } from '../ops/elementwise/binary.ts';
import { reluOp } from '../ops/elementwise/relu.ts';
import { tanhOp } from '../ops/elementwise/tanh.ts';
import { concatOp } from '../ops/movement/concat.ts';
import { type GatherAttrs, gatherOp } from '../ops/movement/gather.ts';
import { padOp } from '../ops/movement/pad.ts';
import { reshape } from '../ops/movement/reshape.ts';
import { sliceOp } from '../ops/movement/slice.ts';
import { transpose, transposeOp } from '../ops/movement/transpose.ts';
import { type ReduceAttrs, reduceOp } from '../ops/reduction/reduce.ts';
import { isFrozen, type Pass, rewrite } from '../rewrite.ts';

type Perm = readonly number[];

// `unary`, `where` and `resample` are told by their names: graphs without them do not load their kernels.

export const sinkTransposes: Pass = (outputs) =>
  rewrite(outputs, (node, inputs) => {
    if (isFrozen(node)) return undefined;
    if (isOp(node, transposeOp)) return transposed(inputs[0]!, node.attrs.perm);
    const perm = permOf(inputs);
    return perm && sink(node, inputs, perm);
  });

/** The permutation of the first input that is transposed, and no constant. */
function permOf(inputs: readonly Node[]): Perm | undefined {
  return inputs.filter((input) => isOp(input, transposeOp)).find((input) => !isFrozen(input))?.attrs.perm;
}

/** `transpose(x, perm)`, without the transposes that cancel, and as a reshape where only extents of 1 move. */
function transposed(x: Node, perm: Perm): Node {
  if (isOp(x, transposeOp)) {
    const inner = x.attrs.perm;
    return transposed(
      x.inputs[0]!,
      perm.map((axis) => inner[axis]!),
    );
  }
  if (perm.every((axis, i) => axis === i)) return x;
  const moved = perm.filter((axis) => x.shape[axis] !== 1);
  if (moved.every((axis, i) => i === 0 || axis > moved[i - 1]!)) {
    return reshape(
      x,
      perm.map((axis) => x.shape[axis]!),
    );
  }
  return transpose(x, perm);
}

function sink(node: Node, inputs: readonly Node[], perm: Perm): Node | undefined {
  const x = inputs[0]!;
  const below = <A>(op: Op<A>, attrs: A, sources: readonly Node[]) => transposed(apply(op, sources, attrs), perm);
  if (isOp(node, reluOp) || isOp(node, tanhOp) || node.op.name === 'unary')
    return below(node.op, node.attrs, [x.inputs[0]!]);
  if (isOp(node, binaryOp) || isOp(node, addOp) || node.op.name === 'where') {
    const sources = inputs.map((input) => broadcastSource(input, perm));
    return sources.every((source) => source !== undefined) ? below(node.op, node.attrs, sources) : undefined;
  }
  if (isOp(node, concatOp)) {
    const sources = inputs.map((input) => sourceOf(input, perm));
    const axis = perm[node.attrs.axis]!;
    return sources.every((source) => source !== undefined) ? below(concatOp, { axis }, sources) : undefined;
  }
  if (isOp(node, sliceOp)) {
    const { starts, shape, steps } = node.attrs;
    const attrs = { starts: back(starts, perm), shape: back(shape, perm), steps: back(steps, perm) };
    return below(sliceOp, attrs, [x.inputs[0]!]);
  }
  if (isOp(node, padOp)) {
    const { before, after, ...rest } = node.attrs;
    return below(padOp, { before: back(before, perm), after: back(after, perm), ...rest }, [x.inputs[0]!]);
  }
  if (isAlongAxis(node) && isOp(x, transposeOp)) {
    return below(node.op, { axis: perm[node.attrs.axis]! }, [x.inputs[0]!, ...inputs.slice(1)]);
  }
  if (isOp(node, reduceOp)) return sinkReduce(node, x.inputs[0]!, perm);
  return undefined;
}

/** Ops that read their first input along one axis. */
const isAlongAxis = (node: Node): node is Node<GatherAttrs> => isOp(node, gatherOp) || node.op.name === 'resample';

/** Without the reduced axes, the others keep their order under the transpose that is left. */
function sinkReduce(node: Node<ReduceAttrs>, x: Node, perm: Perm): Node {
  const { axes, keepDims, ...rest } = node.attrs;
  const reduced = apply(reduceOp, [x], {
    ...rest,
    keepDims,
    axes: axes.map((axis) => perm[axis]!).sort((a, b) => a - b),
  });
  if (keepDims) return transposed(reduced, perm);
  const kept = perm.filter((_, i) => !axes.includes(i));
  const order = [...kept].sort((a, b) => a - b);
  return transposed(
    reduced,
    kept.map((axis) => order.indexOf(axis)),
  );
}

/** What `input` is the transpose of, by `perm`; for a constant that is one more constant. */
function sourceOf(input: Node, perm: Perm): Node | undefined {
  if (isFrozen(input)) return input.shape.length === perm.length ? transposed(input, inverse(perm)) : undefined;
  const same = isOp(input, transposeOp) && input.attrs.perm.join() === perm.join();
  return same ? input.inputs[0] : undefined;
}

/** Like `sourceOf`, for an operand that is broadcast: of fewer axes, which are the last ones. */
function broadcastSource(input: Node, perm: Perm): Node | undefined {
  if (!isFrozen(input) || input.shape.length >= perm.length) return sourceOf(input, perm);
  if (input.shape.length === 0) return input;
  const shape: Shape = [...perm.slice(input.shape.length).map(() => 1), ...input.shape];
  return transposed(reshape(input, shape), inverse(perm));
}

const inverse = (perm: Perm): number[] => perm.map((_, axis) => perm.indexOf(axis));

/** Values for each axis of the transpose, in the order of its source's axes. */
const back = (values: readonly number[], perm: Perm): number[] => inverse(perm).map((i) => values[i]!);
