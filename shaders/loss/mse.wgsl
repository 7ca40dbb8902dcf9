// mse: partial[k] = scale * sum of weight * (pred - truth)^2 over the vec4s of chunk k.
//
// One workgroup sums one chunk: each thread strides through it with four running sums, then a tree adds the threads.
// The order of additions depends on the shape alone: two runs agree to the bit.
// Layout: pred, truth [pixels, channels]   weight [pixels]   partial [ceil(vec4s / chunk)]
// Slot:   weights_of(elements: vec4u) -> vec4f, supplied by src/kernels/loss/mse.ts.

override WORKGROUP: u32 = 256;

alias Element = f32;

struct Params {
  pixels: u32,
  channels: u32,
  chunk: u32, // vec4s
  scale: f32,
}

@group(0) @binding(0) var<storage, read> pred: array<vec4f>;
@group(0) @binding(1) var<storage, read> truth: array<vec4f>;
@group(0) @binding(2) var<storage, read> weight: array<f32>;
@group(0) @binding(3) var<storage, read_write> partial: array<f32>;
@group(0) @binding(4) var<uniform> params: Params;

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(local_invocation_index) thread: u32,
  @builtin(workgroup_id) group: vec3u,
) {
  let count = params.pixels * params.channels;
  let begin = group.x * params.chunk;
  let end = min(begin + params.chunk, (count + 3u) / 4u);
  var sum = vec4f(0.0);
  for (var i = begin + thread; i < end; i += WORKGROUP) {
    let elements = 4u * i + vec4u(0u, 1u, 2u, 3u);
    let difference = pred[i] - truth[i];
    let term = weights_of(min(elements, vec4u(count - 1u))) * difference * difference;
    sum += select(vec4f(0.0), term, elements < vec4u(count));
  }
  let total = tree_sum(thread, 1u, (sum.x + sum.y) + (sum.z + sum.w));
  if (thread == 0u) { partial[group.x] = params.scale * total; }
}
