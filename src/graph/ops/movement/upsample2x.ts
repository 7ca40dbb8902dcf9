import { widthFor } from '../../../kernels/core/vector_width.ts';
import { upsample2x as upsampleKernel } from '../../../kernels/movement/upsample2x.ts';
import { upsample2xGrad } from '../../../kernels/movement/upsample2x_grad.ts';
import { apply, defineOp, type Node } from '../../node.ts';
import { expectNhwc } from '../core/check.ts';

/** y[n, h, w, c] = x[n, ⌊h/2⌋, ⌊w/2⌋, c];  dx = the sum of the four dy that came from it. */
export const upsample2xOp = defineOp({
  name: 'upsample2x',
  shape: ([x]) => {
    const [n, h, w, c] = expectNhwc('upsample2x', 'x', x!);
    return [n, 2 * h, 2 * w, c];
  },
  lower: (emit, { inputs: [x], shapes, output }) => {
    const [batch, height, width, channels] = expectNhwc('upsample2x', 'x', shapes[0]!);
    emit.call(upsampleKernel, { x: x!, y: output }, { batch, height, width, channels }, { vector: widthFor(channels) });
  },
  gradient: ({ dy }) => [apply(upsample2xGradOp, [dy], undefined)],
});

/** dx = the sum of the four dy that came from it. */
export const upsample2xGradOp = defineOp({
  name: 'upsample2x_grad',
  shape: ([dy]) => {
    const [n, h, w, c] = expectNhwc('upsample2x_grad', 'dy', dy!);
    return [n, h / 2, w / 2, c];
  },
  lower: (emit, { inputs: [dy], shape, output }) => {
    const [batch, height, width, channels] = expectNhwc('upsample2x_grad', 'dx', shape);
    emit.call(
      upsample2xGrad,
      { dy: dy!, dx: output },
      { batch, height, width, channels },
      { vector: widthFor(channels) },
    );
  },
  gradient: 'backward',
});

/** `x` [N, H, W, C] at twice the height and width, each pixel repeated (nearest neighbor). */
export const upsample2x = (x: Node) => apply(upsample2xOp, [x], undefined);
