// winograd_input: V[:, tile, c] = B^T X B, where X is the square of POINTS x POINTS inputs that a tile of OUTPUTS x
// OUTPUTS outputs depends on, and B^T the transform of Winograd's algorithm; see lib/winograd_4.wgsl.
// One thread per tile and 4 or 2 channels; a workgroup has 16 channels of each tile, so that it reads 64 bytes of a pixel.
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

@group(0) @binding(0) var<storage, read> x: array<Channels>;
@group(0) @binding(1) var<storage, read_write> v: array<V>;
@group(0) @binding(2) var<uniform> params: Params;

const DOWN = POINTS;
const ACROSS = POINTS;
const SIDE = 4 * PARTS; // threads beside each other

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let part = group.y * SIDE + local % SIDE;
  let tile = (group.x + group.z * groups.x) * (WORKGROUP / SIDE) + local / SIDE;
  if (tile >= params.tiles || part >= params.vectors * PARTS) { return; }
  let index = params.tile_first + tile;
  let column = params.origin_x + i32(index % params.tiles_x * OUTPUTS);
  let row = params.origin_y + i32(index / params.tiles_x % params.tiles_y * OUTPUTS);
  let image = i32(index / params.tiles_x / params.tiles_y * params.in_height);

  transform_square(Unit(tile, part, image, row, column));
}

// A tile in the channels of a thread.
struct Unit {
  tile: u32,
  part: u32,
  image: i32, // its first row in x
  row: i32, // the first input
  column: i32,
}

fn row_of(unit: Unit, i: u32) -> array<Channels, ACROSS> {
  let y = unit.row + i32(i);
  let line = (unit.image + y) * i32(params.in_width);
  var values: array<Channels, POINTS>;
  for (var j = 0u; j < POINTS; j++) {
    let at = unit.column + i32(j);
    let inside = y >= 0 && y < i32(params.in_height) && at >= 0 && at < i32(params.in_width);
    let start = select(0, line + at, inside) * i32(params.in_stride) + i32(params.in_first);
    values[j] = select(Channels(), x[u32(start) * PARTS + unit.part], inside);
  }
  return input_transform(values);
}

fn write_column(unit: Unit, j: u32, column: array<Channels, DOWN>) {
  let result = input_transform(column);
  for (var i = 0u; i < POINTS; i++) { store(i * POINTS + j, unit.tile, unit.part, result[i]); }
}

// The variants append:
//   OUTPUTS, POINTS, input_transform(values)   B^T, from the inputs of a tile to its points
//   V, store(point, tile, part, value)         the layout of V
//   Channels, PARTS       the channels of a thread, and how many such there are in 4: see lib/channels_4.wgsl
//   transform_square(unit)   see lib/square_queue.wgsl
