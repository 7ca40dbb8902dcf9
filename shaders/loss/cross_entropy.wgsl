// cross_entropy: losses[p] = scale * weight * (log sum of exp(z) - sum of share * z), over the classes z of pixel p.
//
// Classes are bins of chroma: see lib/chroma_classes.wgsl.
// A workgroup makes one pixel: its threads stride over the classes, then a tree joins them. The order of additions
// depends on the shape alone.
// Layout: logits [pixels, side * side]   chroma [pixels, 2]   weight, losses [pixels]
// Slot:   weight_of(pixel: u32) -> f32, supplied by src/kernels/loss/cross_entropy.ts.

override WORKGROUP: u32 = 64;

struct Params {
  pixels: u32,
  side: u32,
  bins_per_unit: f32,
  scale: f32,
}

@group(0) @binding(0) var<storage, read> logits: array<f32>;
@group(0) @binding(1) var<storage, read> chroma: array<vec2f>;
@group(0) @binding(2) var<storage, read> weight: array<f32>;
@group(0) @binding(3) var<storage, read_write> losses: array<f32>;
@group(0) @binding(4) var<uniform> params: Params;

// The sum of exp(z - most), and of share * (z - most): without `most`, large logits would overflow.
alias Element = vec2f;

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

  var largest = logits[first];
  for (var k = thread; k < classes; k += WORKGROUP) { largest = max(largest, logits[first + k]); }
  largest = tree_max(thread, 1u, vec2f(largest)).x;

  let place = place_of(pixel);
  var sum = vec2f(0.0);
  for (var k = thread; k < classes; k += WORKGROUP) {
    let z = logits[first + k] - largest;
    sum += vec2f(exp(z), share_of(k, place) * z);
  }
  sum = tree_sum(thread, 1u, sum);
  if (thread == 0u) { losses[pixel] = params.scale * weight_of(pixel) * (log(sum.x) - sum.y); }
}
