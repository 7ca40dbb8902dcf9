// conv2d_pad: y[b, r, c] = x[b, r, c] where that exists, else 0: fills rows and columns up to whole vec4s.
// One thread per vec4 of y. Serves activations ([1, pixels, channels]) and weights ([taps, in, out]).
// Layout: x [blocks, rows, columns]; y [blocks, padded_rows, vectors*4]. Row major.

override WORKGROUP: u32 = 256;

struct Params {
  blocks: u32,
  rows: u32,
  columns: u32,
  padded_rows: u32,
  vectors: u32,
}

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(2) var<uniform> params: Params;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = gid.x + gid.y * groups.x * WORKGROUP;
  if (i >= params.blocks * params.padded_rows * params.vectors) { return; }
  let column = i % params.vectors * 4;
  let row = i / params.vectors % params.padded_rows;
  let block = i / params.vectors / params.padded_rows;
  let start = (block * params.rows + row) * params.columns;
  let inside = (column + vec4u(0, 1, 2, 3) < vec4u(params.columns)) & vec4<bool>(row < params.rows);
  let at = select(vec4u(), start + column + vec4u(0, 1, 2, 3), inside);
  y[i] = select(vec4f(), vec4f(x[at.x], x[at.y], x[at.z], x[at.w]), inside);
}
