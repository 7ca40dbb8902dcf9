// annealed_mean: y[p] = the mean of the classes' colours, weighted by exp(z * sharpness), over the classes z of pixel p.
//
// Classes are bins of chroma as in cross_entropy.wgsl. A workgroup makes one pixel: its threads stride over the classes,
// then a tree joins them. The order of additions depends on the shape alone.
// Layout: logits [pixels, side * side]   y [pixels, 2]

override WORKGROUP: u32 = 64;

struct Params {
  pixels: u32,
  side: u32,
  bins_per_unit: f32,
  sharpness: f32, // 1 / temperature
}

@group(0) @binding(0) var<storage, read> logits: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<vec2f>;
@group(0) @binding(2) var<uniform> params: Params;

// The sum of the exponentials, and of the places of their bins times each.
var<workgroup> sums: array<vec3f, WORKGROUP>;
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

  // Places are counted from the middle, grey: so what is grey comes out as exactly that.
  let middle = 0.5 * f32(params.side - 1u);
  var sum = vec3f(0.0);
  for (var k = thread; k < classes; k += WORKGROUP) {
    let place = vec2f(vec2u(k / params.side, k % params.side)) - middle;
    sum += exp(params.sharpness * (logits[first + k] - largest)) * vec3f(1.0, place);
  }
  sums[thread] = sum;
  workgroupBarrier();
  for (var span = WORKGROUP / 2u; span > 0u; span /= 2u) {
    if (thread < span) { sums[thread] += sums[thread + span]; }
    workgroupBarrier();
  }
  if (thread == 0u) { y[pixel] = sums[0].yz / (sums[0].x * params.bins_per_unit); }
}
