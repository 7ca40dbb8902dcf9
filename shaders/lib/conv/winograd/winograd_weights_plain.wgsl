// winograd_weights_plain: weights HWIO, for winograd_weights.

alias Weight = vec4f;

fn weights_at(tap: u32, i: u32) -> vec4f {
  return w[tap * params.in_channels * params.out_vectors + i];
}
