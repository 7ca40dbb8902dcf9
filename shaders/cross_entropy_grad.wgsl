// cross_entropy_grad: dlogits = dy[0] * scale * weight * (exp(z) / sum of exp(z) - share), for each class z of a pixel.
//
// Shares as in cross_entropy.wgsl. A workgroup makes one pixel: its threads stride over the classes, once for the
// maximum, once for the sum, and once to write. The order of additions depends on the shape alone.
// Layout: logits, dlogits [pixels, side * side]   chroma [pixels, 2]   weight [pixels]   dy [1]
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
@group(0) @binding(3) var<storage, read> dy: array<f32>;
@group(0) @binding(4) var<storage, read_write> dlogits: array<f32>;
@group(0) @binding(5) var<uniform> params: Params;

var<workgroup> found: array<f32, WORKGROUP>;

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
  found[thread] = most;
  workgroupBarrier();
  for (var span = WORKGROUP / 2u; span > 0u; span /= 2u) {
    if (thread < span) { found[thread] = max(found[thread], found[thread + span]); }
    workgroupBarrier();
  }
  most = found[0];
  workgroupBarrier();

  var sum = 0.0;
  for (var k = thread; k < classes; k += WORKGROUP) { sum += exp(logits[first + k] - most); }
  found[thread] = sum;
  workgroupBarrier();
  for (var span = WORKGROUP / 2u; span > 0u; span /= 2u) {
    if (thread < span) { found[thread] += found[thread + span]; }
    workgroupBarrier();
  }
  sum = found[0];

  let last = f32(params.side - 1u);
  let place = clamp(params.bins_per_unit * chroma[pixel] + 0.5 * last, vec2f(0.0), vec2f(last));
  let factor = dy[0] * params.scale * weight_of(pixel);
  for (var k = thread; k < classes; k += WORKGROUP) {
    let near = max(1.0 - abs(place - vec2f(vec2u(k / params.side, k % params.side))), vec2f(0.0));
    dlogits[first + k] = factor * (exp(logits[first + k] - most) / sum - near.x * near.y);
  }
}
