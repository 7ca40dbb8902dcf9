// sum_rows: y[o, k, c] = the sum of x[o, r, c] over the rows r of chunk k.
//
// One workgroup sums one chunk for `lanes` neighboring Elements of the channels. Its threads stand in rows of `lanes`,
// so that they read whole stretches of memory; each walks down its column, then the columns are added as a tree.
// The order of additions depends on the shape alone: two runs agree to the bit.
// Layout: x [outer, rows, channels]   y [outer, ceil(rows / chunk), channels]
// Slots:  Element, WIDTH, supplied by src/kernels/core/vector_width.ts; channels is a multiple of WIDTH.

override WORKGROUP: u32 = 256;

struct Params {
  outer: u32,
  rows: u32,
  channels: u32,
  chunk: u32, // rows
  lanes: u32, // a power of two, at most WORKGROUP
}

@group(0) @binding(0) var<storage, read> x: array<Element>;
@group(0) @binding(1) var<storage, read_write> y: array<Element>;
@group(0) @binding(2) var<uniform> params: Params;

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(local_invocation_index) thread: u32,
  @builtin(workgroup_id) group: vec3u, // chunk, stretch of channels, outer
  @builtin(num_workgroups) groups: vec3u,
) {
  let channels = params.channels / WIDTH;
  let c = group.y * params.lanes + thread % params.lanes;
  let begin = group.x * params.chunk;
  let end = min(begin + params.chunk, params.rows);

  var sum = Element();
  if (c < channels) {
    for (var r = begin + thread / params.lanes; r < end; r += WORKGROUP / params.lanes) {
      sum += x[(group.z * params.rows + r) * channels + c];
    }
  }
  sum = tree_sum(thread, params.lanes, sum);
  if (thread < params.lanes && c < channels) {
    y[(group.z * groups.x + group.x) * channels + c] = sum;
  }
}
