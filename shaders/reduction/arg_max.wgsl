// arg_max: y[o, c] = the row r at which x[o, r, c] is largest, as a float; the first one, or the last. NaN is the largest.
//
// One thread walks down the rows of one column; neighboring threads have neighboring channels.
// Layout: x [outer, rows, channels]   y [outer, channels]

override WORKGROUP: u32 = 64;

struct Params {
  outer: u32,
  rows: u32,
  channels: u32,
  last: u32, // 1: of equal rows the last one, 0: the first one
}

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(global_invocation_id) gid: vec3u,
  @builtin(num_workgroups) groups: vec3u,
) {
  let column = gid.x + gid.y * groups.x * WORKGROUP;
  let o = column / params.channels;
  if (o >= params.outer) { return; }
  let first = o * params.rows * params.channels + column % params.channels;
  var most = x[first];
  var place = 0u;
  for (var r = 1u; r < params.rows; r++) {
    let v = x[first + r * params.channels];
    let larger = !is_nan(most) && (is_nan(v) || v > most);
    let equal = is_nan(v) || v == most;
    if (larger || (params.last == 1u && equal)) {
      most = v;
      place = r;
    }
  }
  y[column] = f32(place);
}

// By the bits: a comparison of floats may be compiled as if there were no NaN.
fn is_nan(v: f32) -> bool {
  return (bitcast<u32>(v) & 0x7fffffffu) > 0x7f800000u;
}
