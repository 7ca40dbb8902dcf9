// cross_entropy_grad: dlogits = dy[0] * scale * weight * (exp(z) / sum of exp(z) - share), for each class z of a pixel.
//
// Classes are bins of chroma: see lib/chroma_classes.wgsl. A workgroup makes one pixel: its threads stride over the classes, once for the
// maximum, once for the sum, and once to write. The order of additions depends on the shape alone.
// Layout: logits, dlogits [pixels, side * side]   chroma [pixels, 2]   weight [pixels]   dy [1]
// Slot:   weight_of(pixel: u32) -> f32, supplied by src/kernels/loss/cross_entropy.ts.

override WORKGROUP: u32 = 64;

alias Element = f32;

struct Params {
  pixels: u32,
  side: u32,
  bins_per_unit: f32,
  scale: f32,
}

@group(0) @binding(0) var<storage, read> logits: array<f32>;
@group(0) @binding(1) var<storage, read> chroma: array<vec2f>;
@group(0) @binding(2) var<storage, read> weight: array<f32>;
@group(0) @binding(3) var<storage, read> dy: array<f32>;
@group(0) @binding(4) var<storage, read_write> dlogits: array<f32>;
@group(0) @binding(5) var<uniform> params: Params;

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(local_invocation_index) thread: u32,
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
) {
  let pixel = group.x + group.y * groups.x;
  if (pixel >= params.pixels) { return; }
  let classes = params.side * params.side;
  let first = pixel * classes;

  var most = logits[first];
  for (var k = thread; k < classes; k += WORKGROUP) { most = max(most, logits[first + k]); }
  most = tree_max(thread, 1u, most);

  var sum = 0.0;
  for (var k = thread; k < classes; k += WORKGROUP) { sum += exp(logits[first + k] - most); }
  sum = tree_sum(thread, 1u, sum);

  let place = place_of(pixel);
  let factor = dy[0] * params.scale * weight_of(pixel);
  for (var k = thread; k < classes; k += WORKGROUP) {
    dlogits[first + k] = factor * (exp(logits[first + k] - most) / sum - share_of(k, place));
  }
}
