/** Kernels that take most of the time of training and coloring. */
export const HOT = [
  'conv2d_gemm',
  'conv2d_gemm_weight_grad',
  'winograd_multiply/set',
  'winograd_input/4',
  'winograd_output/4/relu',
  'winograd_output_grad/4',
  'winograd_weights/4/plain',
  'winograd_weights_grad/4',
  'conv2d_block/plain/none/vec4/4x8',
  'conv2d_weight_grad/4x16',
] as const;
