import { lrn as lrnKernel } from '../../../kernels/nn/lrn.ts';
import { ShapeError } from '../../../runtime/errors.ts';
import { apply, defineOp, describe, type Node, sizeOf } from '../../node.ts';

export interface LrnAttrs {
  /** Channels that are summed; of an even number, one more behind than before. */
  readonly size: number;
  readonly alpha: number;
  readonly beta: number;
  readonly bias: number;
}

/** y[.., c] = x[.., c] / (bias + alpha / size · Σ x[.., i]²)^beta, i from c − ⌊(size−1)/2⌋ to c + ⌈(size−1)/2⌉. */
export const lrnOp = defineOp<LrnAttrs>({
  name: 'lrn',
  shape: ([x], { size, alpha, beta, bias }) => {
    if (x!.length < 1 || sizeOf(x!) < 1)
      throw new ShapeError({ where: 'lrn', expected: 'channels', got: describe(x!) });
    if (!Number.isInteger(size) || size < 1 || size > 2 ** 30) {
      throw new ShapeError({ where: 'lrn', expected: 'a size from 1 to 2^30', got: size });
    }
    // Else the power would be of a number that is not positive.
    if (!(alpha >= 0 && bias > 0 && Number.isFinite(beta))) {
      throw new ShapeError({
        where: 'lrn',
        expected: 'alpha ≥ 0, bias > 0 and a finite beta',
        got: `${alpha}, ${bias} and ${beta}`,
      });
    }
    return x!;
  },
  lower: (emit, { inputs: [x], output, shape }, { size, alpha, beta, bias }) => {
    const channels = shape.at(-1)!;
    // No wider than there are channels, so that sums of indices stay in 32 bits.
    const before = Math.min(Math.floor((size - 1) / 2), channels);
    const after = Math.min(Math.ceil((size - 1) / 2), channels);
    emit.call(
      lrnKernel,
      { x: x!, y: output },
      { pixels: sizeOf(shape) / channels, channels, before, after, scale: alpha / size, beta, bias },
    );
  },
  gradient: 'inference',
});

/** Local response normalization over the last axis. @throws ShapeError for attributes without a meaning. */
export const lrn = (x: Node, attrs: LrnAttrs) => apply(lrnOp, [x], attrs);
