// winograd_output_grad: P[:, tile, c] = A dY A^T, the transpose of winograd_output's transform: from the OUTPUTS x OUTPUTS
// gradients of a tile's outputs to those of its products. Zeros stand for what lies past the picture.
// One thread per tile and 4 channels. Layout: dy NHWC; P [point][tile][channel].

override WORKGROUP: u32 = 64;

struct Params {
  out_height: u32,
  out_width: u32,
  vectors: u32, // channels / 4
  images: u32,
  tiles_y: u32, // tiles of an image
  tiles_x: u32,
  tile_first: u32, // the tiles of this dispatch, counted through the whole batch
  tiles: u32,
  points: u32, // POINTS
}

@group(0) @binding(0) var<storage, read> dy: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> p: array<vec4f>;
@group(0) @binding(2) var<uniform> params: Params;

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
  var rows: array<array<vec4f, POINTS>, OUTPUTS>;
  for (var i = 0u; i < params.points - 2; i++) {
    var values: array<vec4f, OUTPUTS>;
    for (var j = 0u; j < OUTPUTS; j++) {
      let inside = row + i < params.out_height && column + j < params.out_width;
      let pixel = (image * params.out_height + row + i) * params.out_width + column + j;
      values[j] = select(vec4f(), dy[select(0, pixel, inside) * params.vectors + vector], inside);
    }
    for (var k = 1u; k < OUTPUTS; k++) { rows[k - 1] = rows[k]; }
    rows[OUTPUTS - 1] = output_grad_transform(values);
  }
  for (var j = 0u; j < params.points; j++) {
    var values: array<vec4f, OUTPUTS>;
    for (var i = 0u; i < OUTPUTS; i++) {
      values[i] = rows[i][0];
      for (var k = 1u; k < POINTS; k++) { rows[i][k - 1] = rows[i][k]; }
    }
    let result = output_grad_transform(values);
    for (var i = 0u; i < POINTS; i++) { p[(i * POINTS + j) * size + unit] = result[i]; }
  }
}

// The variants append:
//   OUTPUTS, POINTS, output_grad_transform(values)   A, from the gradients of a tile's outputs to those of its points
