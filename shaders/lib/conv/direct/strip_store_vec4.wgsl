// strip_store_vec4: what follows conv2d_strip where 4 divides out_channels: whole vec4s.

alias Y = vec4f;

fn store(pixel: u32, vector: u32, value: vec4f) {
  y[(pixel * params.out_stride + params.out_first) / 4 + vector] = value;
}

fn residual_at(pixel: u32, vector: u32) -> vec4f {
  if (params.residual == 0) { return vec4f(); }
  return residual[pixel * (params.out_channels / 4) + vector];
}
