/** Convolution and its two gradients. x [N, H, W, Cin], w [KH, KW, Cin, Cout], y [N, H', W', Cout]. */
import {
  type ConvActivation,
  type ConvGeometry,
  emitConv2d,
  emitConv2dInputGrad,
  emitConv2dWeightGrad,
} from '../../../kernels/conv/index.ts';
import { ShapeError } from '../../../runtime/errors.ts';
import { apply, defineOp, describe, type Node, type Shape } from '../../node.ts';
import { expectNhwc } from '../core/check.ts';

export interface Window {
  readonly strides: readonly [y: number, x: number];
  readonly pads: readonly [top: number, left: number, bottom: number, right: number];
}

export interface Conv2dAttrs extends Window {
  readonly activation: ConvActivation;
  /** The last input is added before the activation; of y's shape. */
  readonly residual?: boolean;
  /** x's channels begin here: it may have more than the convolution takes. */
  readonly firstChannel?: number;
}

/**
 * y = activation(x ∗ w + b + r). Without bias or with `[Cout]`, or with one for each image, `[N, 1, 1, Cout]`.
 * dx and dw are ops of their own; bias, residual r and activation are fused after differentiation.
 */
export const conv2dOp = defineOp<Conv2dAttrs>({
  name: 'conv2d',
  shape: ([x, w], { strides, pads, firstChannel }) => {
    const [n, h, width, cin] = expectNhwc('conv2d', 'x', x!);
    const [kh, kw, wCin, cout] = expectNhwc('conv2d', 'w', w!);
    if (firstChannel === undefined ? cin !== wCin : cin < firstChannel + wCin) {
      throw new ShapeError({
        where: 'conv2d',
        expected: `w for ${cin} input channels (x is ${describe(x!)})`,
        got: describe(w!),
      });
    }
    const outHeight = Math.floor((h + pads[0] + pads[2] - kh) / strides[0]) + 1;
    const outWidth = Math.floor((width + pads[1] + pads[3] - kw) / strides[1]) + 1;
    if (outHeight < 1 || outWidth < 1) {
      throw new ShapeError({
        where: 'conv2d',
        expected: `a kernel that fits x ${describe(x!)} with pads ${describe(pads)}`,
        got: `${kh}x${kw}`,
      });
    }
    return [n, outHeight, outWidth, cout];
  },
  strided: true,
  lower: (emit, { inputs, shapes, output, shape, view }, attrs) => {
    const [x, w] = inputs;
    const rest = inputs.slice(2);
    const residual = attrs.residual ? rest.pop() : undefined;
    const [bias] = rest;
    const geometry = geometryOf(shapes[0]!, shapes[1]!, shape, attrs);
    const { activation, firstChannel: first } = attrs;
    emitConv2d(
      emit,
      {
        x: x!,
        w: w!,
        y: output,
        ...(bias === undefined ? {} : { bias }),
        ...(residual === undefined ? {} : { residual }),
      },
      geometry,
      {
        activation,
        biasPerImage: bias !== undefined && shapes[2]!.length === 4,
        outView: view,
        ...(first === undefined ? {} : { inView: { stride: shapes[0]![3]!, first } }),
      },
    );
  },
  gradient: ({ inputs: [x, w, ...fused], dy, attrs }) => {
    if (fused.length > 0 || attrs.activation !== 'none') {
      throw new ShapeError({
        where: 'gradients',
        expected: 'a conv2d with nothing fused into it',
        got: `one with ${fused.length} more inputs and activation ${attrs.activation}`,
        hint: 'differentiate before fusing',
      });
    }
    const { strides, pads } = attrs;
    return [
      apply(conv2dInputGradOp, [dy, w!], { strides, pads, xShape: x!.shape }),
      apply(conv2dWeightGradOp, [x!, dy], { strides, pads, wShape: w!.shape }),
    ];
  },
});

/** dx[n, i, j, ci] = Σ over the outputs (h, w, co) that x[n, i, j, ci] took part in of dy[n, h, w, co] · w. */
export const conv2dInputGradOp = defineOp<Window & { readonly xShape: Shape }>({
  name: 'conv2d_input_grad',
  shape: (_, { xShape }) => xShape,
  lower: (emit, { inputs: [dy, w], shapes, output }, attrs) =>
    emitConv2dInputGrad(emit, { dy: dy!, w: w!, dx: output }, geometryOf(attrs.xShape, shapes[1]!, shapes[0]!, attrs)),
  gradient: 'backward',
});

/** dw[i, j, ci, co] = Σ over n, h, w of x[n, h·s + i − top, w·s + j − left, ci] · dy[n, h, w, co]. */
export const conv2dWeightGradOp = defineOp<Window & { readonly wShape: Shape }>({
  name: 'conv2d_weight_grad',
  shape: (_, { wShape }) => wShape,
  lower: (emit, { inputs: [x, dy], shapes, output }, attrs) =>
    emitConv2dWeightGrad(emit, { x: x!, dy: dy!, dw: output }, geometryOf(shapes[0]!, attrs.wShape, shapes[1]!, attrs)),
  gradient: 'backward',
});

function geometryOf(x: Shape, w: Shape, y: Shape, { strides, pads }: Window): ConvGeometry {
  return {
    batch: x[0]!,
    inHeight: x[1]!,
    inWidth: x[2]!,
    inChannels: w[2]!,
    outHeight: y[1]!,
    outWidth: y[2]!,
    outChannels: y[3]!,
    kernelHeight: w[0]!,
    kernelWidth: w[1]!,
    strideY: strides[0],
    strideX: strides[1],
    padTop: pads[0],
    padLeft: pads[1],
  };
}

/** TensorFlow's SAME padding: the output has ⌈size / stride⌉, and an odd total puts the larger half behind. */
export function samePads(x: Shape, w: Shape, stride: number): Window['pads'] {
  const total = (size: number, kernel: number) => Math.max(0, (Math.ceil(size / stride) - 1) * stride + kernel - size);
  const y = total(x[1]!, w[0]!);
  const xx = total(x[2]!, w[1]!);
  return [Math.floor(y / 2), Math.floor(xx / 2), Math.ceil(y / 2), Math.ceil(xx / 2)];
}

/** x ∗ w with SAME padding. */
export function conv2dSame(x: Node, w: Node, stride = 1): Node {
  const pads = samePads(x.shape, w.shape, stride);
  return apply(conv2dOp, [x, w], { strides: [stride, stride], pads, activation: 'none' });
}
