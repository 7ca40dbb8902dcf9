// resample: y[o, k, i] = the sum over t of weight[k, t] * x[o, index[k, t], i]: interpolation along one axis.
//
// One thread makes one Element (1, 2 or 4 neighboring floats of `inner`). A weight of 0 takes nothing, not even NaN.
// Layout: x [outer, extent, inner]   index, weight [count, taps], indices as floats   y [outer, count, inner]
// Slots:  Element, WIDTH, supplied by src/kernels/core/vector_width.ts; inner is a multiple of WIDTH.

override WORKGROUP: u32 = 256;

struct Params {
  outer: u32,
  extent: u32,
  count: u32,
  inner: u32,
  taps: u32,
}

@group(0) @binding(0) var<storage, read> x: array<Element>;
@group(0) @binding(1) var<storage, read> index: array<f32>;
@group(0) @binding(2) var<storage, read> weight: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<Element>;
@group(0) @binding(4) var<uniform> params: Params;

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(global_invocation_id) gid: vec3u,
  @builtin(num_workgroups) groups: vec3u,
) {
  let at = gid.x + gid.y * groups.x * WORKGROUP;
  let inner = params.inner / WIDTH;
  let row = at / inner; // o * count + k
  let o = row / params.count;
  if (o >= params.outer) { return; }
  let k = row - o * params.count;
  var sum = Element();
  for (var t = k * params.taps; t < (k + 1u) * params.taps; t++) {
    let slice = o * params.extent + u32(index[t]);
    if (weight[t] != 0.0) { sum += weight[t] * x[slice * inner + (at - row * inner)]; }
  }
  y[at] = sum;
}
