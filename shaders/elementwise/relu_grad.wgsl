// relu_grad: dx[i] = dy[i] where y[i] > 0, else 0.   All [count]: see lib/elementwise.wgsl.
// y is relu's output; at y = 0 the derivative is taken as 0.

override WORKGROUP: u32 = 256;

struct Params {
  count: u32,
}

@group(0) @binding(0) var<storage, read> y: array<vec4f>;
@group(0) @binding(1) var<storage, read> dy: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> dx: array<vec4f>;
@group(0) @binding(3) var<uniform> params: Params;

fn count() -> u32 { return params.count; }
fn value_at(i: u32) -> vec4f { return select(vec4f(0.0), dy[i], y[i] > vec4f(0.0)); }
fn old_at(i: u32) -> vec4f { return dx[i]; }
fn store(i: u32, value: vec4f) { dx[i] = value; }
