/** Every kernel, so that a test can compile each of them in all of its variants. */
import { accumulate } from './accumulate.ts';
import { adam } from './adam.ts';
import { add } from './add.ts';
import { biasAdd } from './bias_add.ts';
import { chroma } from './chroma.ts';
import { coverage } from './coverage.ts';
import { crop } from './crop.ts';
import type { KernelSpec } from './define.ts';
import { fill } from './fill.ts';
import { labToRgba } from './lab_to_rgba.ts';
import { lightness } from './lightness.ts';
import { mse } from './mse.ts';
import { mseGrad } from './mse_grad.ts';
import { padEdge } from './pad_edge.ts';
import { relu } from './relu.ts';
import { reluGrad } from './relu_grad.ts';
import { sumRows } from './sum_rows.ts';
import { tanh } from './tanh.ts';
import { tanhGrad } from './tanh_grad.ts';
import { upsample2x } from './upsample2x.ts';
import { upsample2xGrad } from './upsample2x_grad.ts';

/** In the order of their names. */
export const allKernels = [
  accumulate,
  adam,
  add,
  biasAdd,
  chroma,
  coverage,
  crop,
  fill,
  labToRgba,
  lightness,
  mse,
  mseGrad,
  padEdge,
  relu,
  reluGrad,
  sumRows,
  tanh,
  tanhGrad,
  upsample2x,
  upsample2xGrad,
  // A list cannot keep the types of each kernel's buffers and parameters.
] as readonly unknown[] as readonly KernelSpec[];
