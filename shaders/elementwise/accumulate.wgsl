// accumulate: acc[i] += x[i].   All [count]: see lib/elementwise.wgsl.
// Sums the gradients of several micro-batches in place.

override WORKGROUP: u32 = 256;

struct Params {
  count: u32,
}

@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> acc: array<vec4f>;
@group(0) @binding(2) var<uniform> params: Params;

fn count() -> u32 { return params.count; }
fn value_at(i: u32) -> vec4f { return acc[i] + x[i]; }
fn old_at(i: u32) -> vec4f { return acc[i]; }
fn store(i: u32, value: vec4f) { acc[i] = value; }
