import { emitMse, type MseParams } from '../../../kernels/loss/mse.ts';
import { emitMseGrad } from '../../../kernels/loss/mse_grad.ts';
import { apply, defineOp, type Node, type Shape, sizeOf } from '../../node.ts';
import { expectNhwc, expectSame } from '../core/check.ts';

/**
 * y[0] = Σ w (p − t)² / (N·H·W·C): the mean squared error, weighted for each pixel where there are weights;
 * dp = 2 w (p − t) dy[0] / (N·H·W·C).   p, t [N, H, W, C]   w [N, H, W, 1]
 */
export const mseOp = defineOp({
  name: 'mse',
  shape: ([p, t, w]) => {
    checkShapes(p!, t!, w);
    return [1];
  },
  lower: (emit, { inputs: [pred, truth, weight], shapes, output }) =>
    emitMse(emit, { pred: pred!, truth: truth!, weight, y: output }, meanOver(shapes[0]!)),
  gradient: ({ inputs: [p, t, ...w], dy }) => [apply(mseGradOp, [p!, t!, dy, ...w], undefined), null, null],
});

/** dp = 2 w (p − t) dy[0] / (N·H·W·C). */
export const mseGradOp = defineOp({
  name: 'mse_grad',
  shape: ([p]) => p!,
  lower: (emit, { inputs: [pred, truth, dy, weight], output, shape }) =>
    emitMseGrad(emit, { pred: pred!, truth: truth!, weight, dy: dy!, dpred: output }, meanOver(shape)),
  gradient: 'backward',
});

function meanOver(shape: Shape): MseParams {
  return { pixels: sizeOf(shape) / shape[3]!, channels: shape[3]!, scale: 1 / sizeOf(shape) };
}

function checkShapes(p: Shape, t: Shape, w: Shape | undefined): void {
  const [n, h, width] = expectNhwc('mse', 'the prediction', p);
  expectSame('mse', 'the target', p, t);
  if (w) expectSame('mse', 'the weights', [n, h, width, 1], w);
}

/** The mean squared error of `prediction` and `target` [N, H, W, C], one number; `weight` [N, H, W, 1] weighs each pixel. */
export const mse = (prediction: Node, target: Node, weight?: Node) =>
  apply(mseOp, weight ? [prediction, target, weight] : [prediction, target], undefined);
