// block_weights_turned: 4 input x 4 output channels of weights [tap][out][in], for conv2d_block and the like.

fn weights_at(tap: u32, c: u32, vector: u32) -> mat4x4f {
  let stride = params.in_vectors;
  let i = (tap * ((params.out_channels + 3) / 4) + vector) * 4 * stride + c;
  return transpose(mat4x4f(weights[i], weights[i + stride], weights[i + 2 * stride], weights[i + 3 * stride]));
}
