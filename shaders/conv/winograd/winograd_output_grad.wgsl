// winograd_output_grad: P[:, tile, c] = A dY A^T, the transpose of winograd_output's transform: from the OUTPUTS x OUTPUTS
// gradients of a tile's outputs to those of its products. Zeros stand for what lies past the picture.
// One thread per tile and 4 or 2 channels: see lib/conv/winograd/tile_unit.wgsl. Layout: dy NHWC; P [point][tile][channel].

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

@group(0) @binding(0) var<storage, read> dy: array<Channels>;
@group(0) @binding(1) var<storage, read_write> p: array<Channels>;
@group(0) @binding(2) var<uniform> params: Params;

const DOWN = OUTPUTS;
const ACROSS = POINTS;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let unit = gid.x + gid.y * groups.x * WORKGROUP;
  let parts = params.vectors * PARTS;
  if (unit >= params.tiles * parts) { return; }
  transform_square(unit_of(unit / parts, unit % parts));
}

fn row_of(unit: Unit, i: u32) -> array<Channels, ACROSS> {
  var values: array<Channels, OUTPUTS>;
  for (var j = 0u; j < OUTPUTS; j++) {
    let inside = unit.row + i < params.out_height && unit.column + j < params.out_width;
    let pixel = (unit.image * params.out_height + unit.row + i) * params.out_width + unit.column + j;
    values[j] = select(Channels(), dy[select(0, pixel, inside) * params.vectors * PARTS + unit.part], inside);
  }
  return output_grad_transform(values);
}

fn write_column(unit: Unit, j: u32, column: array<Channels, DOWN>) {
  let size = params.tiles * params.vectors * PARTS;
  let result = output_grad_transform(column);
  for (var i = 0u; i < POINTS; i++) { p[(i * POINTS + j) * size + unit.at] = result[i]; }
}

// The variants append:
//   OUTPUTS, POINTS, output_grad_transform(values)   A, from the gradients of a tile's outputs to those of its points
//   Channels, PARTS       the channels of a thread, and how many such there are in 4: see lib/channels_4.wgsl
//   transform_square(unit)   see lib/square_queue.wgsl
