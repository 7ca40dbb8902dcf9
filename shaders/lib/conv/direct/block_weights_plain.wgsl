// block_weights_plain: 4 input x 4 output channels of weights [tap][in][out], for conv2d_block.

fn weights_at(tap: u32, c: u32, vector: u32) -> mat4x4f {
  let stride = (params.out_channels + 3) / 4;
  let i = (tap * params.in_vectors + c) * 4 * stride + vector;
  return mat4x4f(weights[i], weights[i + stride], weights[i + 2 * stride], weights[i + 3 * stride]);
}
