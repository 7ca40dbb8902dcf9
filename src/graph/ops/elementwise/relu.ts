import { relu as reluKernel } from '../../../kernels/elementwise/relu.ts';
import { reluGrad } from '../../../kernels/elementwise/relu_grad.ts';
import { apply, defineOp, type Node, sizeOf } from '../../node.ts';

/** y = max(x, 0);  dx = dy where y > 0, else 0. */
export const reluOp = defineOp({
  name: 'relu',
  shape: ([x]) => x!,
  lower: (emit, { inputs: [x], output, shape }) =>
    emit.call(reluKernel, { x: x!, y: output }, { count: sizeOf(shape) }),
  gradient: ({ output, dy }) => [apply(reluGradOp, [output, dy], undefined)],
});

/** Works from the output, so that the input need not be kept. */
export const reluGradOp = defineOp({
  name: 'relu_grad',
  shape: ([y]) => y!,
  lower: (emit, { inputs: [y, dy], output, shape }) =>
    emit.call(reluGrad, { y: y!, dy: dy!, dx: output }, { count: sizeOf(shape) }),
  gradient: 'backward',
});

/** max(x, 0), element by element. */
export const relu = (x: Node) => apply(reluOp, [x], undefined);
