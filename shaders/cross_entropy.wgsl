// cross_entropy: losses[p] = scale * weight * (log sum of exp(z) - sum of share * z), over the classes z of pixel p.
//
// A class is a bin of chroma. A true colour is shared between the four bins around it by its distance to them, so that
// the mean of its shares is the colour itself; beyond the outermost centres it takes the edge.
// A workgroup makes one pixel: its threads stride over the classes, then a tree joins them. The order of additions
// depends on the shape alone.
// Layout: logits [pixels, side * side]   chroma [pixels, 2]   weight, losses [pixels]
// Slot:   weight_of(pixel: u32) -> f32, supplied by src/kernels/cross_entropy.ts.

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
var<workgroup> sums: array<vec2f, WORKGROUP>;
var<workgroup> most: array<f32, WORKGROUP>;

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
  most[thread] = largest;
  workgroupBarrier();
  for (var span = WORKGROUP / 2u; span > 0u; span /= 2u) {
    if (thread < span) { most[thread] = max(most[thread], most[thread + span]); }
    workgroupBarrier();
  }
  largest = most[0];

  let last = f32(params.side - 1u);
  let place = clamp(params.bins_per_unit * chroma[pixel] + 0.5 * last, vec2f(0.0), vec2f(last));
  var sum = vec2f(0.0);
  for (var k = thread; k < classes; k += WORKGROUP) {
    let z = logits[first + k] - largest;
    let near = max(1.0 - abs(place - vec2f(vec2u(k / params.side, k % params.side))), vec2f(0.0));
    sum += vec2f(exp(z), near.x * near.y * z);
  }
  sums[thread] = sum;
  workgroupBarrier();
  for (var span = WORKGROUP / 2u; span > 0u; span /= 2u) {
    if (thread < span) { sums[thread] += sums[thread + span]; }
    workgroupBarrier();
  }
  if (thread == 0u) { losses[pixel] = params.scale * weight_of(pixel) * (log(sums[0].x) - sums[0].y); }
}
