// winograd_weights_turned: weights HWIO for the gradient of the input, for winograd_weights: channels change
// places, taps go backwards.

alias Weight = f32;

fn weights_at(tap: u32, i: u32) -> vec4f {
  let stride = params.in_channels;
  let out = i % params.out_vectors * 4;
  let at = ((8 - tap) * params.out_vectors * 4 + out) * stride + i / params.out_vectors;
  return vec4f(w[at], w[at + stride], w[at + 2 * stride], w[at + 3 * stride]);
}
