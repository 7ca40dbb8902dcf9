// depthwise_strip8: eight neighboring outputs of conv_depthwise, as two vec4s.

const STRIP = 8u;
alias Strip = mat2x4f;

fn strip(v: array<f32, SPAN>, i: u32) -> Strip {
  return mat2x4f(
    vec4f(v[i], v[i + STEP], v[i + 2 * STEP], v[i + 3 * STEP]),
    vec4f(v[i + 4 * STEP], v[i + 5 * STEP], v[i + 6 * STEP], v[i + 7 * STEP]),
  );
}

fn output(sum: Strip, p: u32) -> f32 { return sum[p / 4][p % 4]; }
