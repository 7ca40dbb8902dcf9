/** Convolution and its gradients in float64, written as the definition says: slow, and meant to be obviously right. */
import type { ConvGeometry } from '../../src/kernels/conv/index.ts';

type Numbers = ArrayLike<number>;

/** Calls `visit` for every product in the sum: the indices of its x, its w and its y. */
function eachProduct(g: ConvGeometry, visit: (x: number, w: number, y: number) => void): void {
  for (let n = 0; n < g.batch; n++)
    for (let oy = 0; oy < g.outHeight; oy++)
      for (let ox = 0; ox < g.outWidth; ox++)
        for (let ky = 0; ky < g.kernelHeight; ky++)
          for (let kx = 0; kx < g.kernelWidth; kx++) {
            const iy = oy * g.strideY + ky - g.padTop;
            const ix = ox * g.strideX + kx - g.padLeft;
            if (iy < 0 || iy >= g.inHeight || ix < 0 || ix >= g.inWidth) continue;
            const x = ((n * g.inHeight + iy) * g.inWidth + ix) * g.inChannels;
            const y = ((n * g.outHeight + oy) * g.outWidth + ox) * g.outChannels;
            const w = (ky * g.kernelWidth + kx) * g.inChannels * g.outChannels;
            for (let ci = 0; ci < g.inChannels; ci++)
              for (let co = 0; co < g.outChannels; co++) visit(x + ci, w + ci * g.outChannels + co, y + co);
          }
}

/** The elements of x, w and y. */
export function sizes(g: ConvGeometry): { x: number; w: number; y: number } {
  return {
    x: g.batch * g.inHeight * g.inWidth * g.inChannels,
    w: g.kernelHeight * g.kernelWidth * g.inChannels * g.outChannels,
    y: g.batch * g.outHeight * g.outWidth * g.outChannels,
  };
}

/** `conv(x, w)`. */
export function conv2d(x: Numbers, w: Numbers, g: ConvGeometry): Float64Array {
  const y = new Float64Array(sizes(g).y);
  eachProduct(g, (i, j, k) => {
    y[k]! += x[i]! * w[j]!;
  });
  return y;
}

/** The gradient of `sum(conv(x, w) * dy)` with respect to x. */
export function conv2dInputGrad(dy: Numbers, w: Numbers, g: ConvGeometry): Float64Array {
  const dx = new Float64Array(sizes(g).x);
  eachProduct(g, (i, j, k) => {
    dx[i]! += dy[k]! * w[j]!;
  });
  return dx;
}

/** The gradient of `sum(conv(x, w) * dy)` with respect to w. */
export function conv2dWeightGrad(x: Numbers, dy: Numbers, g: ConvGeometry): Float64Array {
  const dw = new Float64Array(sizes(g).w);
  eachProduct(g, (i, j, k) => {
    dw[j]! += x[i]! * dy[k]!;
  });
  return dw;
}
