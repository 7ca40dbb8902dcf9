import { type CrossEntropyParams, emitCrossEntropy } from '../../../kernels/loss/cross_entropy.ts';
import { emitCrossEntropyGrad } from '../../../kernels/loss/cross_entropy_grad.ts';
import { apply, defineOp, type Node, type Shape, sizeOf } from '../../node.ts';
import { BINS, expectLogits } from '../color/color_classes.ts';
import { expectSame } from '../core/check.ts';

/**
 * y[0] = Σ w (−Σ s log softmax(z)) / (N·H·W): the mean cross-entropy, weighted for each pixel where there are weights.
 * s are the shares of a true color in the classes, see `emitCrossEntropy`.
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

/** dz = w (softmax(z) − s) dy[0] / (N·H·W). */
export const crossEntropyGradOp = defineOp({
  name: 'cross_entropy_grad',
  shape: ([logits]) => logits!,
  lower: (emit, { inputs: [logits, chroma, dy, weight], output, shape }) =>
    emitCrossEntropyGrad(emit, { logits: logits!, chroma: chroma!, weight, dy: dy!, dlogits: output }, meanOver(shape)),
  gradient: 'backward',
});

function meanOver(logits: Shape): CrossEntropyParams {
  const pixels = sizeOf(logits) / BINS ** 2;
  return { pixels, side: BINS, scale: 1 / pixels };
}

/** The mean cross-entropy of `logits` against true colors. @throws ShapeError for shapes that don't fit. */
export const crossEntropy = (logits: Node, chroma: Node, weight?: Node) =>
  apply(crossEntropyOp, weight ? [logits, chroma, weight] : [logits, chroma], undefined);
