import { ShapeError } from '../../../runtime/errors.ts';
import { apply, defineOp, describe, type Node, type Op } from '../../node.ts';
import { expectNhwc } from './check.ts';

export interface WriteIntoAttrs {
  /** What computes the channels, a `strided` op, and its attributes. */
  readonly op: Op<unknown>;
  readonly attrs: unknown;
  /** Channels of the whole, and where those of `op` begin. */
  readonly channels: number;
  readonly first: number;
  /** The first input is the whole so far, which is written to. Otherwise the other channels stay undefined. */
  readonly onto: boolean;
}

/** y[..., first : first + C] = op(inputs), the other channels as in the first input. Made by passes, to concatenate without a copy. */
export const writeIntoOp = defineOp<WriteIntoAttrs>({
  name: 'write_into',
  shape: (shapes, { op, attrs, channels, first, onto }) => {
    const part = op.shape(onto ? shapes.slice(1) : shapes, attrs);
    const [n, h, w, c] = expectNhwc('write_into', 'the part', part);
    const whole = [n, h, w, channels];
    if (!op.strided || first + c > channels || (onto && shapes[0]!.join() !== whole.join())) {
      throw new ShapeError({
        where: 'write_into',
        expected: `a strided op that fits ${describe(whole)} at ${first}`,
        got: `${op.name} ${describe(part)}`,
      });
    }
    return whole;
  },
  alias: ({ onto }) => (onto ? 0 : undefined),
  lower: (emit, { inputs, shapes, output }, { op, attrs, channels, first, onto }) => {
    const own = onto ? 1 : 0;
    const ownShapes = shapes.slice(own);
    op.lower(
      emit,
      {
        inputs: inputs.slice(own),
        shapes: ownShapes,
        output,
        shape: op.shape(ownShapes, attrs),
        view: { stride: channels, first },
      },
      attrs,
    );
  },
  gradient: 'fused',
});

/** Computes what `part` does as channels `first`… of something with `channels`: of `base`, or of something new. */
export function writeInto(part: Node, channels: number, first: number, base?: Node): Node {
  const attrs = { op: part.op, attrs: part.attrs, channels, first, onto: base !== undefined };
  return apply(writeIntoOp, base ? [base, ...part.inputs] : part.inputs, attrs);
}
