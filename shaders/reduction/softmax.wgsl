// softmax: y[o, r, c] = exp(x[o, r, c] - max) / the sum of exp(x[o, s, c] - max) over all rows s; max is over them too.
//
// A workgroup makes `lanes` neighboring columns: WORKGROUP / lanes threads walk down each of them, once for the maximum,
// once for the sum, and once to write. The sum is of sums of BLOCK rows, so that rounding errors stay small; the order
// of additions depends on the shape alone.
// Layout: x, y [outer, rows, channels]
// Slots:  Element, WIDTH from src/kernels/core/vector_width.ts; channels is a multiple of WIDTH.

override WORKGROUP: u32 = 256;

const BLOCK = 256u;

struct Params {
  outer: u32,
  rows: u32,
  channels: u32,
  lanes: u32, // a power of two, at most WORKGROUP
}

@group(0) @binding(0) var<storage, read> x: array<Element>;
@group(0) @binding(1) var<storage, read_write> y: array<Element>;
@group(0) @binding(2) var<uniform> params: Params;

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(local_invocation_index) thread: u32,
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
) {
  let channels = params.channels / WIDTH;
  let column = (group.x + group.y * groups.x) * params.lanes + thread % params.lanes;
  let first = column / channels * params.rows * channels + column % channels;
  // A column past the last has no rows.
  let rows = select(0u, params.rows, column / channels < params.outer);
  let walker = thread / params.lanes;
  let walkers = WORKGROUP / params.lanes;

  var most = x[first];
  for (var r = walker; r < rows; r += walkers) { most = max(most, x[first + r * channels]); }
  most = tree_max(thread, params.lanes, most);

  var sum = Element();
  for (var begin = walker; begin < rows; begin += BLOCK * walkers) {
    var block = Element();
    for (var r = begin; r < min(begin + BLOCK * walkers, rows); r += walkers) {
      block += exp(x[first + r * channels] - most);
    }
    sum += block;
  }
  sum = tree_sum(thread, params.lanes, sum);

  for (var r = walker; r < rows; r += walkers) {
    let i = first + r * channels;
    y[i] = exp(x[i] - most) / sum;
  }
}
