import { annealedMean as annealedMeanKernel } from '../../../kernels/loss/annealed_mean.ts';
import { ShapeError } from '../../../runtime/errors.ts';
import { apply, defineOp, type Node, sizeOf } from '../../node.ts';
import { BINS, BINS_PER_UNIT, expectLogits } from './color_classes.ts';

export interface AnnealedMeanAttrs {
  /** Above 0: at 1 the mean over the classes; towards 0 the likeliest class. */
  readonly temperature: number;
}

/** y = Σ c softmax(z / T) over the classes' colors c.   z [N, H, W, BINS²]   y [N, H, W, 2] */
export const annealedMeanOp = defineOp<AnnealedMeanAttrs>({
  name: 'annealed_mean',
  shape: ([logits], { temperature }) => {
    const [n, h, width] = expectLogits('annealed_mean', logits!);
    if (!(temperature > 0 && temperature < Number.POSITIVE_INFINITY)) {
      throw new ShapeError({ where: 'annealed_mean', expected: 'a temperature above 0', got: temperature });
    }
    return [n, h, width, 2];
  },
  lower: (emit, { inputs: [logits], output, shape }, { temperature }) =>
    emit.call(
      annealedMeanKernel,
      { logits: logits!, y: output },
      { pixels: sizeOf(shape) / 2, side: BINS, bins_per_unit: BINS_PER_UNIT, sharpness: 1 / temperature },
    ),
  gradient: 'inference',
});

/** The colors that `logits` mean. @throws ShapeError for a temperature that is not above 0. */
export const annealedMean = (logits: Node, temperature: number) => apply(annealedMeanOp, [logits], { temperature });
