// conv2d_unpad: y[b, r, c] = sum over s of x[s, b, r, c], in the order of s: adds up the parts of a weight gradient, and
// leaves out the rows and columns that padding added. One thread per element of y.
// Layout: x [splits, blocks, padded_rows, padded_columns]; y [blocks, rows, columns]. Row major.

override WORKGROUP: u32 = 256;

struct Params {
  splits: u32,
  blocks: u32,
  rows: u32,
  columns: u32,
  padded_rows: u32,
  padded_columns: u32,
}

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = gid.x + gid.y * groups.x * WORKGROUP;
  if (i >= params.blocks * params.rows * params.columns) { return; }
  let column = i % params.columns;
  let row = i / params.columns % params.rows;
  let block = i / params.columns / params.rows;
  let at = (block * params.padded_rows + row) * params.padded_columns + column;
  let stride = params.blocks * params.padded_rows * params.padded_columns;
  var sum = 0.0;
  for (var s = 0u; s < params.splits; s++) { sum += x[at + s * stride]; }
  y[i] = sum;
}
