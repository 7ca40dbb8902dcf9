/** Nearest x2 followed by a 3x3 convolution with SAME padding, and its gradients, in float64, one after the other. */
import type { ConvGeometry } from '../../src/kernels/conv/index.ts';
import type { UpsampleConvSize } from '../../src/kernels/conv/upsample/index.ts';
import { conv2d, conv2dInputGrad, conv2dWeightGrad } from './conv2d.ts';

type Numbers = ArrayLike<number>;

/** The 3x3 convolution of the picture that is twice as high and wide. */
export function largeGeometry({ batch, height, width, inChannels, outChannels }: UpsampleConvSize): ConvGeometry {
  const large = { inHeight: 2 * height, inWidth: 2 * width, outHeight: 2 * height, outWidth: 2 * width };
  const window = { kernelHeight: 3, kernelWidth: 3, strideY: 1, strideX: 1, padTop: 1, padLeft: 1 };
  return { batch, inChannels, outChannels, ...large, ...window };
}

/** The elements of x, w and y. */
export function sizes(size: UpsampleConvSize): { x: number; w: number; y: number } {
  const pixels = size.batch * size.height * size.width;
  return { x: pixels * size.inChannels, w: 9 * size.inChannels * size.outChannels, y: 4 * pixels * size.outChannels };
}

/** `conv(upsample2x(x), w)`. */
export const upsampleConv2d = (x: Numbers, w: Numbers, size: UpsampleConvSize): Float64Array =>
  conv2d(repeat(x, size), w, largeGeometry(size));

/** The gradient of `sum(conv(upsample2x(x), w) * dy)` with respect to x. */
export function upsampleConv2dInputGrad(dy: Numbers, w: Numbers, size: UpsampleConvSize): Float64Array {
  const dx = new Float64Array(sizes(size).x);
  const large = conv2dInputGrad(dy, w, largeGeometry(size));
  eachPixel(size, (i, j) => {
    dx[i]! += large[j]!;
  });
  return dx;
}

/** The gradient of `sum(conv(upsample2x(x), w) * dy)` with respect to w. */
export const upsampleConv2dWeightGrad = (x: Numbers, dy: Numbers, size: UpsampleConvSize): Float64Array =>
  conv2dWeightGrad(repeat(x, size), dy, largeGeometry(size));

function repeat(x: Numbers, size: UpsampleConvSize): Float64Array {
  const y = new Float64Array(4 * sizes(size).x);
  eachPixel(size, (i, j) => {
    y[j] = x[i]!;
  });
  return y;
}

/** Calls `visit` for every element of the large picture: where it came from, and where it is. */
function eachPixel(size: UpsampleConvSize, visit: (small: number, large: number) => void): void {
  const { batch, height, width, inChannels } = size;
  for (let row = 0; row < batch * 2 * height; row++) {
    const from = Math.floor(row / (2 * height)) * height + Math.floor((row % (2 * height)) / 2);
    for (let column = 0; column < 2 * width; column++)
      for (let c = 0; c < inChannels; c++) {
        visit((from * width + Math.floor(column / 2)) * inChannels + c, (row * 2 * width + column) * inChannels + c);
      }
  }
}
