// annealed_mean: y[p] = the mean of the classes' colors, weighted by exp(z * sharpness), over the classes z of pixel p.
//
// Classes are bins of chroma as in cross_entropy.wgsl. A thread makes one pixel.
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

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(global_invocation_id) gid: vec3u,
  @builtin(num_workgroups) groups: vec3u,
) {
  let i = gid.x + gid.y * groups.x * WORKGROUP;
  if (i >= params.pixels) { return; }
  let classes = params.side * params.side;
  let first = i * classes;

  var most = logits[first];
  for (var k = 1u; k < classes; k++) { most = max(most, logits[first + k]); }

  // The sum of the exponentials, and of the places of their bins times each. Places are counted from the middle, grey:
  // so what is grey comes out as exactly that.
  let middle = 0.5 * f32(params.side - 1u);
  var sum = vec3f(0.0);
  for (var k = 0u; k < classes; k++) {
    let place = vec2f(vec2u(k / params.side, k % params.side)) - middle;
    sum += exp(params.sharpness * (logits[first + k] - most)) * vec3f(1.0, place);
  }
  y[i] = sum.yz / (sum.x * params.bins_per_unit);
}
