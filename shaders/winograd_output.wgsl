// winograd_output: y = activation(A^T M A + bias + residual), where M is the products of a tile, and A^T the transform of
// Winograd's algorithm; see winograd_tiles.ts. One thread per tile of OUTPUTS x OUTPUTS outputs and 4 channels.
// Layout: M [point][tile][channel]; y and residual NHWC.

override WORKGROUP: u32 = 64;

struct Params {
  out_height: u32,
  out_width: u32,
  out_stride: u32, // vec4s from pixel to pixel, and where the channels begin: y may be a part of something wider
  out_first: u32,
  vectors: u32, // channels / 4
  images: u32,
  tiles_y: u32, // tiles of an image
  tiles_x: u32,
  tile_first: u32, // the tiles of this dispatch, counted through the whole batch
  tiles: u32,
  bias: u32, // 0 none, 1 per channel, 2 per image and channel
  residual: u32, // 1: added before the activation
  points: u32, // POINTS
}

@group(0) @binding(0) var<storage, read> m: array<vec4f>;
@group(0) @binding(1) var<storage, read> bias: array<vec4f>;
@group(0) @binding(2) var<storage, read> residual: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(4) var<uniform> params: Params;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let unit = gid.x + gid.y * groups.x * WORKGROUP;
  let size = params.tiles * params.vectors;
  if (unit >= size) { return; }
  let vector = unit % params.vectors;
  let index = params.tile_first + unit / params.vectors;
  let column = index % params.tiles_x * OUTPUTS;
  let row = index / params.tiles_x % params.tiles_y * OUTPUTS;
  let image = index / params.tiles_x / params.tiles_y;

  // A queue, for constant indices: so drivers keep it in registers. They unroll no loop whose length is a parameter;
  // unrolled, lavapipe needs ten seconds to compile the loads and stores.
  var rows: array<array<vec4f, OUTPUTS>, POINTS>;
  for (var i = 0u; i < params.points; i++) {
    var values: array<vec4f, POINTS>;
    for (var j = 0u; j < POINTS; j++) { values[j] = m[(i * POINTS + j) * size + unit]; }
    for (var k = 1u; k < POINTS; k++) { rows[k - 1] = rows[k]; }
    rows[POINTS - 1] = output_transform(values);
  }
  var offset = vec4f();
  if (params.bias != 0) { offset = bias[select(0, image * params.vectors, params.bias == 2) + vector]; }
  for (var j = 0u; j < params.points - 2; j++) {
    var values: array<vec4f, POINTS>;
    for (var i = 0u; i < POINTS; i++) {
      values[i] = rows[i][0];
      for (var k = 1u; k < OUTPUTS; k++) { rows[i][k - 1] = rows[i][k]; }
    }
    let result = output_transform(values);
    for (var i = 0u; i < OUTPUTS; i++) {
      if (row + i < params.out_height && column + j < params.out_width) {
        let pixel = (image * params.out_height + row + i) * params.out_width + column + j;
        var sum = result[i] + offset;
        if (params.residual != 0) { sum += residual[pixel * params.vectors + vector]; }
        y[pixel * params.out_stride + params.out_first + vector] = activate(sum);
      }
    }
  }
}

// The variants append:
//   OUTPUTS, POINTS, output_transform(values)      the outputs and points of a tile along one axis, and A^T
//   activate(v) -> vec4f
