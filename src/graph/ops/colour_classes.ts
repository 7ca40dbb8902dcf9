/** What a network says in classes of colour: how far that is from the truth, and which colour it means. */
import { annealedMean as annealedMeanKernel } from '../../kernels/annealed_mean.ts';
import { BINS, BINS_PER_UNIT } from '../../kernels/chroma_bins.ts';
import { type CrossEntropyParams, emitCrossEntropy } from '../../kernels/cross_entropy.ts';
import { emitCrossEntropyGrad } from '../../kernels/cross_entropy_grad.ts';
import { ShapeError } from '../../runtime/errors.ts';
import { apply, defineOp, describe, type Node, type Shape, sizeOf } from '../node.ts';
import { expectNhwc, expectSame } from './check.ts';

/**
 * y[0] = Σ w (−Σ s log softmax(z)) / (N·H·W): the mean cross-entropy, weighted for each pixel where there are weights.
 * s are the shares of a true colour in the classes, see `emitCrossEntropy`.
 * logits z [N, H, W, BINS²]   chroma [N, H, W, 2]   w [N, H, W, 1]
 */
export const crossEntropyOp = defineOp({
  name: 'cross_entropy',
  shape: ([logits, chroma, w]) => {
    const [n, h, width] = expectLogits('cross_entropy', logits!);
    expectSame('cross_entropy', 'the true chroma', [n, h, width, 2], chroma!);
    if (w) expectSame('cross_entropy', 'the weights', [n, h, width, 1], w);
    return [1];
  },
  lower: (emit, { inputs: [logits, chroma, weight], shapes, output }) =>
    emitCrossEntropy(emit, { logits: logits!, chroma: chroma!, weight, y: output }, meanOver(shapes[0]!)),
  gradient: ({ inputs: [z, t, ...w], dy }) => [apply(crossEntropyGradOp, [z!, t!, dy, ...w], undefined), null, null],
});

export const crossEntropyGradOp = defineOp({
  name: 'cross_entropy_grad',
  shape: ([logits]) => logits!,
  lower: (emit, { inputs: [logits, chroma, dy, weight], output, shape }) =>
    emitCrossEntropyGrad(emit, { logits: logits!, chroma: chroma!, weight, dy: dy!, dlogits: output }, meanOver(shape)),
  gradient: 'backward',
});

export interface AnnealedMeanAttrs {
  /** Above 0: at 1 the mean over the classes; towards 0 the likeliest class. */
  readonly temperature: number;
}

/** y = Σ c softmax(z / T) over the classes' colours c.   z [N, H, W, BINS²]   y [N, H, W, 2] */
export const annealedMeanOp = defineOp<AnnealedMeanAttrs>({
  name: 'annealed_mean',
  shape: ([logits], { temperature }) => {
    const [n, h, width] = expectLogits('annealed_mean', logits!);
    if (!(temperature > 0 && temperature < Number.POSITIVE_INFINITY)) {
      throw new ShapeError(`annealed_mean: expected a temperature above 0, got ${temperature}`);
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

function meanOver(logits: Shape): CrossEntropyParams {
  const pixels = sizeOf(logits) / BINS ** 2;
  return { pixels, side: BINS, scale: 1 / pixels };
}

function expectLogits(op: string, logits: Shape): readonly [number, number, number] {
  const [n, h, width, channels] = expectNhwc(op, 'the logits', logits);
  if (channels !== BINS ** 2) throw new ShapeError(`${op}: expected ${BINS ** 2} classes, got ${describe(logits)}`);
  return [n, h, width];
}

/** The mean cross-entropy of `logits` against true colours. @throws ShapeError for shapes that don't fit. */
export const crossEntropy = (logits: Node, chroma: Node, weight?: Node) =>
  apply(crossEntropyOp, weight ? [logits, chroma, weight] : [logits, chroma], undefined);

/** The colours that `logits` mean. @throws ShapeError for a temperature that is not above 0. */
export const annealedMean = (logits: Node, temperature: number) => apply(annealedMeanOp, [logits], { temperature });
