/** Room `koalarize/graph`: building graphs, differentiating, compiling and running them. */
export { type CompileOptions, compile } from '../graph/compile.ts';
export { Executable } from '../graph/executable.ts';
export { gradients } from '../graph/gradient.ts';
export { glorotUniform } from '../graph/initializers.ts';
export { apply, defineOp, type Node, type Op, reachable, type Shape, sizeOf } from '../graph/node.ts';
export { conv2dSame } from '../graph/ops/conv/conv2d.ts';
export { constant } from '../graph/ops/core/constant.ts';
export { input, parameter } from '../graph/ops/core/input.ts';
export { add } from '../graph/ops/elementwise/add.ts';
export { biasAdd } from '../graph/ops/elementwise/bias_add.ts';
export { relu } from '../graph/ops/elementwise/relu.ts';
export { tanh } from '../graph/ops/elementwise/tanh.ts';
export { mse } from '../graph/ops/loss/mse.ts';
export { reshape } from '../graph/ops/movement/reshape.ts';
export { upsample2x } from '../graph/ops/movement/upsample2x.ts';
export { ParameterLayout, ParameterSlab, type Tensors } from '../graph/parameters.ts';
