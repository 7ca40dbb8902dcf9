// tanh: y[i] = tanh(x[i]).   All [count], four elements a thread.
// Drivers may compute sinh / cosh, which is inf / inf past |x| = 88. In float32 tanh is 1 from 9.02 on,
// so a clamp at LIMIT changes no result.

override WORKGROUP: u32 = 256;
const LIMIT = 10.0;

struct Params {
  count: u32,
}

@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(2) var<uniform> params: Params;

// By the bits: a comparison of floats may be compiled as if there were no NaN.
fn is_nan(v: vec4f) -> vec4<bool> {
  return (bitcast<vec4u>(v) & vec4u(0x7fffffffu)) > vec4u(0x7f800000u);
}

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(global_invocation_id) gid: vec3u,
  @builtin(num_workgroups) groups: vec3u,
) {
  let i = gid.x + gid.y * groups.x * WORKGROUP;
  let first = 4u * i;
  if (first >= params.count) { return; }
  let v = x[i];
  var value = select(tanh(clamp(v, vec4f(-LIMIT), vec4f(LIMIT))), v, is_nan(v));
  // The last vec4 may reach past the tensor: what lies there stays as it is.
  if (first + 4u > params.count) {
    value = select(y[i], value, first + vec4u(0u, 1u, 2u, 3u) < vec4u(params.count));
  }
  y[i] = value;
}
