// reduce: y[o, k, c] = scale * the sum, the product or the maximum of x[o, r, c] over the rows r of chunk k.
//
// A workgroup makes `lanes` neighboring Elements of y at a time: WORKGROUP / lanes threads walk down each one's rows,
// then what they found is combined as a tree. The order depends on the shape alone: two runs agree to the bit.
// Layout: x [outer, rows, channels]   y [outer, ceil(rows / chunk), channels]
// Slots:  Element, WIDTH, initial, combine, from src/kernels/core/reducers.ts; channels is a multiple of WIDTH.

override WORKGROUP: u32 = 256;

struct Params {
  outer: u32,
  rows: u32,
  channels: u32,
  chunk: u32, // rows
  lanes: u32, // a power of two, at most WORKGROUP
  scale: f32,
}

@group(0) @binding(0) var<storage, read> x: array<Element>;
@group(0) @binding(1) var<storage, read_write> y: array<Element>;
@group(0) @binding(2) var<uniform> params: Params;

var<workgroup> found: array<Element, WORKGROUP>;

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(local_invocation_index) thread: u32,
  @builtin(workgroup_id) group: vec3u, // x and y: stretch of lanes, z: chunk
  @builtin(num_workgroups) groups: vec3u,
) {
  let channels = params.channels / WIDTH;
  let lane = (group.x + group.y * groups.x) * params.lanes + thread % params.lanes;
  let o = lane / channels;
  let c = lane % channels;
  let begin = group.z * params.chunk;
  let end = min(begin + params.chunk, params.rows);

  var value = Element();
  if (o < params.outer) {
    let column = o * params.rows * channels + c;
    value = initial(x[column + begin * channels]);
    for (var r = begin + thread / params.lanes; r < end; r += WORKGROUP / params.lanes) {
      value = combine(value, x[column + r * channels]);
    }
  }
  found[thread] = value;
  workgroupBarrier();
  for (var span = WORKGROUP / 2u; span >= params.lanes; span /= 2u) {
    if (thread < span) { found[thread] = combine(found[thread], found[thread + span]); }
    workgroupBarrier();
  }
  if (thread < params.lanes && o < params.outer) {
    y[(o * groups.z + group.z) * channels + c] = params.scale * found[thread];
  }
}
