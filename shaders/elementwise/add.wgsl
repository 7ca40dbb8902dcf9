// add: y[i] = a[i] + b[i].   All [count]: see lib/elementwise.wgsl.

override WORKGROUP: u32 = 256;

struct Params {
  count: u32,
}

@group(0) @binding(0) var<storage, read> a: array<vec4f>;
@group(0) @binding(1) var<storage, read> b: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(3) var<uniform> params: Params;

fn count() -> u32 { return params.count; }
fn value_at(i: u32) -> vec4f { return a[i] + b[i]; }
fn old_at(i: u32) -> vec4f { return y[i]; }
fn store(i: u32, value: vec4f) { y[i] = value; }
