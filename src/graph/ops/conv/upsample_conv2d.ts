/**
 * Nearest x2 followed by a 3x3 convolution with SAME padding, as one; made by a pass, from graphs of both.
 * x [N, H, W, Cin], w [3, 3, Cin, Cout], y [N, 2H, 2W, Cout].
 */
import type { ConvActivation } from '../../../kernels/conv/index.ts';
import { emitUpsampleConv2d, type UpsampleConvSize } from '../../../kernels/conv/upsample/index.ts';
import { ShapeError } from '../../../runtime/errors.ts';
import { defineOp, describe, type Shape } from '../../node.ts';
import { expectNhwc } from '../core/check.ts';

/** y = activation(upsample2x(x) ∗ w + b). Without bias or with `[Cout]`, or with one for each image, `[N, 1, 1, Cout]`. */
export const upsampleConv2dOp = defineOp<{ readonly activation: ConvActivation }>({
  name: 'upsample_conv2d',
  shape: ([x, w]) => {
    const [n, h, width, cin] = expectNhwc('upsample_conv2d', 'x', x!);
    const [, , , cout] = expectWeights('upsample_conv2d', w!, cin);
    return [n, 2 * h, 2 * width, cout!];
  },
  lower: (emit, { inputs: [x, w, bias], shapes, output }, { activation }) =>
    emitUpsampleConv2d(
      emit,
      'upsample forward',
      { x: x!, w: w!, y: output, ...(bias === undefined ? {} : { bias }) },
      sizeFrom(shapes[0]!, shapes[1]!),
      { activation, biasPerImage: shapes[2]?.length === 4 },
    ),
  gradient: 'fused',
});

/** dx[n, i, j, ci] = Σ over the four pixels (h, w) of the upsampled x that came from it of their gradient. */
export const upsampleConv2dInputGradOp = defineOp({
  name: 'upsample_conv2d_input_grad',
  shape: ([dy, w]) => {
    const [n, h, width, cout] = expectNhwc('upsample_conv2d_input_grad', 'dy', dy!);
    if (h % 2 || width % 2 || w![3] !== cout) {
      throw new ShapeError({
        where: 'upsample_conv2d_input_grad',
        expected: `dy of even height and width with ${w![3]} channels`,
        got: describe(dy!),
      });
    }
    const [, , cin] = expectWeights('upsample_conv2d_input_grad', w!, w![2]!);
    return [n, h / 2, width / 2, cin!];
  },
  lower: (emit, { inputs: [dy, w], shapes, output, shape }) =>
    emitUpsampleConv2d(emit, 'upsample inputGrad', { dy: dy!, w: w!, dx: output }, sizeFrom(shape, shapes[1]!)),
  gradient: 'backward',
});

/** dw[i, j, ci, co] = Σ over n, h, w of upsample2x(x)[n, h + i − 1, w + j − 1, ci] · dy[n, h, w, co]. */
export const upsampleConv2dWeightGradOp = defineOp({
  name: 'upsample_conv2d_weight_grad',
  shape: ([x, dy]) => {
    const [n, h, width, cin] = expectNhwc('upsample_conv2d_weight_grad', 'x', x!);
    const [, , , cout] = expectNhwc('upsample_conv2d_weight_grad', 'dy', dy!);
    if (dy!.join() !== [n, 2 * h, 2 * width, cout].join()) {
      throw new ShapeError({
        where: 'upsample_conv2d_weight_grad',
        expected: `dy ${describe([n, 2 * h, 2 * width, cout])}`,
        got: describe(dy!),
      });
    }
    return [3, 3, cin, cout];
  },
  lower: (emit, { inputs: [x, dy], shapes, output, shape }) =>
    emitUpsampleConv2d(emit, 'upsample weightGrad', { x: x!, dy: dy!, dw: output }, sizeFrom(shapes[0]!, shape)),
  gradient: 'backward',
});

function expectWeights(op: string, w: Shape, cin: number): Shape {
  if (w.length !== 4 || w[0] !== 3 || w[1] !== 3 || w[2] !== cin) {
    throw new ShapeError({ where: op, expected: `w [3, 3, ${cin}, Cout]`, got: describe(w) });
  }
  return w;
}

function sizeFrom(x: Shape, w: Shape): UpsampleConvSize {
  const [batch, height, width, inChannels] = x;
  return { batch: batch!, height: height!, width: width!, inChannels: inChannels!, outChannels: w[3]! };
}
