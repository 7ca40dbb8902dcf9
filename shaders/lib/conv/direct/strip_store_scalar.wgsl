// strip_store_scalar: what follows conv2d_strip where 4 does not divide out_channels: single channels.

alias Y = f32;

fn store(pixel: u32, vector: u32, value: vec4f) {
  for (var i = 0u; i < min(4, params.out_channels - vector * 4); i++) {
    y[pixel * params.out_stride + params.out_first + vector * 4 + i] = value[i];
  }
}

fn residual_at(pixel: u32, vector: u32) -> vec4f {
  var value = vec4f();
  if (params.residual == 0) { return value; }
  for (var i = 0u; i < min(4, params.out_channels - vector * 4); i++) {
    value[i] = residual[pixel * params.out_channels + vector * 4 + i];
  }
  return value;
}
