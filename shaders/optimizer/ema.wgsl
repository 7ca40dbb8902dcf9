// ema: average[i] += rest * (x[i] - average[i]).   All [count]: see lib/elementwise.wgsl.
// An exponential moving average: rest is 1 - decay.

override WORKGROUP: u32 = 256;

struct Params {
  count: u32,
  rest: f32,
}

@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> average: array<vec4f>;
@group(0) @binding(2) var<uniform> params: Params;

fn count() -> u32 { return params.count; }
fn value_at(i: u32) -> vec4f { return average[i] + params.rest * (x[i] - average[i]); }
fn old_at(i: u32) -> vec4f { return average[i]; }
fn store(i: u32, value: vec4f) { average[i] = value; }
