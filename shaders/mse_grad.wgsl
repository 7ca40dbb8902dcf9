// mse_grad: dpred[i] = dy[0] * 2 * scale * weight * (pred[i] - truth[i]).
//
// Four elements a thread.
// Layout: pred, truth, dpred [pixels, channels]   weight [pixels]   dy [1]
// Slot:   weights_of(elements: vec4u) -> vec4f, supplied by src/kernels/mse.ts.

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

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(global_invocation_id) gid: vec3u,
  @builtin(num_workgroups) groups: vec3u,
) {
  let i = gid.x + gid.y * groups.x * WORKGROUP;
  let first = 4u * i;
  let count = params.pixels * params.channels;
  if (first >= count) { return; }
  let elements = first + vec4u(0u, 1u, 2u, 3u);
  let weights = weights_of(min(elements, vec4u(count - 1u)));
  var value = dy[0] * 2.0 * params.scale * weights * (pred[i] - truth[i]);
  // The last vec4 may reach past the tensor: what lies there stays as it is.
  if (first + 4u > count) {
    value = select(dpred[i], value, elements < vec4u(count));
  }
  dpred[i] = value;
}
