// binary_any: b of `binary` float by float, for any `inner` and `period`.

alias B = f32;

fn b_at(i: u32) -> vec4f {
  if (params.period == 1) { return vec4f(b[0]); }
  if (params.inner % 4 == 0) { return vec4f(b[4 * i / params.inner % params.period]); }
  let at = min(4 * i + vec4u(0, 1, 2, 3), vec4u(params.count - 1)) / params.inner % params.period;
  return vec4f(b[at.x], b[at.y], b[at.z], b[at.w]);
}
