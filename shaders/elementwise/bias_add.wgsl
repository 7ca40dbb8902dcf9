// bias_add: y[o, r, c] = activation(x[o, r, c] + b[o, c]).
//
// Four neighboring elements a thread; any number of channels.
// Layout: x, y [outer, rows, channels]   b [outer, channels]
//         outer = 1: one bias for all pixels; outer = N, rows = H * W: one for each image.
// Slot:   activation(x: vec4f) -> vec4f, supplied by src/kernels/elementwise/bias_add.ts.

override WORKGROUP: u32 = 256;

struct Params {
  outer: u32,
  rows: u32,
  channels: u32,
}

@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read> b: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(3) var<uniform> params: Params;

fn bias_index(element: vec4u) -> vec4u {
  let c = element % params.channels;
  if (params.outer == 1u) { return c; }
  return element / (params.rows * params.channels) * params.channels + c;
}

fn bias_at(first: u32, count: u32) -> vec4f {
  if (params.channels % 4u == 0u) {
    let at = bias_index(vec4u(first)).x;
    return vec4f(b[at], b[at + 1u], b[at + 2u], b[at + 3u]);
  }
  let at = bias_index(min(first + vec4u(0u, 1u, 2u, 3u), vec4u(count - 1u)));
  return vec4f(b[at.x], b[at.y], b[at.z], b[at.w]);
}

fn count() -> u32 { return params.outer * params.rows * params.channels; }
fn value_at(i: u32) -> vec4f { return activation(x[i] + bias_at(4u * i, count())); }
fn old_at(i: u32) -> vec4f { return y[i]; }
fn store(i: u32, value: vec4f) { y[i] = value; }
