// tanh_grad: dx[i] = dy[i] * (1 - y[i]^2).   All [count]: see lib/elementwise.wgsl.
// y is tanh's output. (1 - y) * (1 + y) keeps its digits where y is close to 1.

override WORKGROUP: u32 = 256;

struct Params {
  count: u32,
}

@group(0) @binding(0) var<storage, read> y: array<vec4f>;
@group(0) @binding(1) var<storage, read> dy: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> dx: array<vec4f>;
@group(0) @binding(3) var<uniform> params: Params;

fn count() -> u32 { return params.count; }
fn value_at(i: u32) -> vec4f { return dy[i] * (1.0 - y[i]) * (1.0 + y[i]); }
fn old_at(i: u32) -> vec4f { return dx[i]; }
fn store(i: u32, value: vec4f) { dx[i] = value; }
