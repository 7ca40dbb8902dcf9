import { tanh as tanhKernel } from '../../../kernels/elementwise/tanh.ts';
import { tanhGrad } from '../../../kernels/elementwise/tanh_grad.ts';
import { apply, defineOp, type Node, sizeOf } from '../../node.ts';

/** y = tanh(x);  dx = dy (1 − y²). */
export const tanhOp = defineOp({
  name: 'tanh',
  shape: ([x]) => x!,
  lower: (emit, { inputs: [x], output, shape }) =>
    emit.call(tanhKernel, { x: x!, y: output }, { count: sizeOf(shape) }),
  gradient: ({ output, dy }) => [apply(tanhGradOp, [output, dy], undefined)],
});

/** Works from the output, so that the input need not be kept. */
export const tanhGradOp = defineOp({
  name: 'tanh_grad',
  shape: ([y]) => y!,
  lower: (emit, { inputs: [y, dy], output, shape }) =>
    emit.call(tanhGrad, { y: y!, dy: dy!, dx: output }, { count: sizeOf(shape) }),
  gradient: 'backward',
});

/** The hyperbolic tangent, element by element. */
export const tanh = (x: Node) => apply(tanhOp, [x], undefined);
