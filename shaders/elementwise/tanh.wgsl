// tanh: y[i] = tanh(x[i]).   All [count]: see lib/elementwise.wgsl.
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

fn count() -> u32 { return params.count; }
fn value_at(i: u32) -> vec4f {
  return select(tanh(clamp(x[i], vec4f(-LIMIT), vec4f(LIMIT))), x[i], is_nan(x[i]));
}
fn old_at(i: u32) -> vec4f { return y[i]; }
fn store(i: u32, value: vec4f) { y[i] = value; }
