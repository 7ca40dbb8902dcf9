// gather: y[o, k, i] = x[o, index[k], i].
//
// One thread copies one Element (1, 2 or 4 neighboring floats of `inner`).
// Layout: x [outer, extent, inner]   index [count], whole numbers as floats   y [outer, count, inner]
// Slots:  Element, WIDTH, supplied by src/kernels/core/vector_width.ts; inner is a multiple of WIDTH.

override WORKGROUP: u32 = 256;

struct Params {
  outer: u32,
  extent: u32,
  count: u32,
  inner: u32,
}

@group(0) @binding(0) var<storage, read> x: array<Element>;
@group(0) @binding(1) var<storage, read> index: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<Element>;
@group(0) @binding(3) var<uniform> params: Params;

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
  let slice = o * params.extent + u32(index[row - o * params.count]);
  y[at] = x[slice * inner + (at - row * inner)];
}
