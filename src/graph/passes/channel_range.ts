/** Channel ranges of slices, for passes. */
import { isOp, type Node } from '../node.ts';
import { sliceOp } from '../ops/movement/slice.ts';

/** The first channel, where `node` is a range of its input's channels and else the whole of it. */
export function firstChannel(node: Node): number | undefined {
  if (!isOp(node, sliceOp) || node.shape.length !== 4) return undefined;
  const { starts, steps } = node.attrs;
  const x = node.inputs[0]!.shape;
  const whole = [0, 1, 2].every((axis) => node.shape[axis] === x[axis]) && steps.every((step) => step === 1);
  return whole ? starts[3] : undefined;
}
