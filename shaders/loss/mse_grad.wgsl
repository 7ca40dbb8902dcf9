// mse_grad: dpred[i] = dy[0] * 2 * scale * weight * (pred[i] - truth[i]).
//
// Four elements a thread.
// Layout: pred, truth, dpred [pixels, channels]   weight [pixels]   dy [1]
// Slot:   weights_of(elements: vec4u) -> vec4f, supplied by src/kernels/loss/mse.ts.

override WORKGROUP: u32 = 256;

struct Params {
  pixels: u32,
  channels: u32,
  scale: f32,
}

@group(0) @binding(0) var<storage, read> pred: array<vec4f>;
@group(0) @binding(1) var<storage, read> truth: array<vec4f>;
@group(0) @binding(2) var<storage, read> weight: array<f32>;
@group(0) @binding(3) var<storage, read> dy: array<f32>;
@group(0) @binding(4) var<storage, read_write> dpred: array<vec4f>;
@group(0) @binding(5) var<uniform> params: Params;

fn count() -> u32 { return params.pixels * params.channels; }
fn value_at(i: u32) -> vec4f {
  let weights = weights_of(min(4u * i + vec4u(0u, 1u, 2u, 3u), vec4u(count() - 1u)));
  return dy[0] * 2.0 * params.scale * weights * (pred[i] - truth[i]);
}
fn old_at(i: u32) -> vec4f { return dpred[i]; }
fn store(i: u32, value: vec4f) { dpred[i] = value; }
