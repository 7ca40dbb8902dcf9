// winograd_input: V[:, tile, c] = B^T X B, where X is the square of POINTS x POINTS inputs that a tile of OUTPUTS x
// OUTPUTS outputs depends on, and B^T the transform of Winograd's algorithm; see lib/winograd_4.wgsl.
// One thread per tile and 4 channels; a workgroup has 16 tiles x 16 channels, so that it reads 64 bytes of each pixel.
// Layout: x NHWC; V [point][channel][tile] with the tiles padded to whole vec4s, or [point][tile][channel].

override WORKGROUP: u32 = 64;

struct Params {
  in_height: u32,
  in_width: u32,
  in_stride: u32, // vec4s from pixel to pixel, and where the channels begin: x may be a part of something wider
  in_first: u32,
  vectors: u32, // channels / 4
  images: u32,
  tiles_y: u32, // tiles of an image
  tiles_x: u32,
  tile_first: u32, // the tiles of this dispatch, counted through the whole batch
  tiles: u32,
  origin_y: i32, // the first input of the first tile
  origin_x: i32,
  points: u32, // POINTS
}

@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> v: array<V>;
@group(0) @binding(2) var<uniform> params: Params;

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let vector = group.y * 4 + local % 4;
  let tile = (group.x + group.z * groups.x) * (WORKGROUP / 4) + local / 4;
  if (tile >= params.tiles || vector >= params.vectors) { return; }
  let index = params.tile_first + tile;
  let column = params.origin_x + i32(index % params.tiles_x * OUTPUTS);
  let row = params.origin_y + i32(index / params.tiles_x % params.tiles_y * OUTPUTS);
  let image = i32(index / params.tiles_x / params.tiles_y * params.in_height);

  // A queue, for constant indices: so drivers keep it in registers. They unroll no loop whose length is a parameter;
  // unrolled, lavapipe needs ten seconds to compile the loads and stores.
  var rows: array<array<vec4f, POINTS>, POINTS>;
  for (var i = 0u; i < params.points; i++) {
    let y = row + i32(i);
    let line = (image + y) * i32(params.in_width);
    var values: array<vec4f, POINTS>;
    for (var j = 0u; j < POINTS; j++) {
      let at = column + i32(j);
      let inside = y >= 0 && y < i32(params.in_height) && at >= 0 && at < i32(params.in_width);
      let start = select(0, line + at, inside) * i32(params.in_stride) + i32(params.in_first);
      values[j] = select(vec4f(), x[u32(start) + vector], inside);
    }
    for (var k = 1u; k < POINTS; k++) { rows[k - 1] = rows[k]; }
    rows[POINTS - 1] = input_transform(values);
  }
  for (var j = 0u; j < params.points; j++) {
    var values: array<vec4f, POINTS>;
    for (var i = 0u; i < POINTS; i++) {
      values[i] = rows[i][0];
      for (var k = 1u; k < POINTS; k++) { rows[i][k - 1] = rows[i][k]; }
    }
    let result = input_transform(values);
    for (var i = 0u; i < POINTS; i++) { store(i * POINTS + j, tile, vector, result[i]); }
  }
}

// The variants append:
//   OUTPUTS, POINTS, input_transform(values)   B^T, from the inputs of a tile to its points
//   V, store(point, tile, vector, value)       the layout of V
