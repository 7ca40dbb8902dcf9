// tile_unit: a tile of outputs in the channels of a thread: where it lies among the products' tiles, and in its image.
// Needs:  OUTPUTS, PARTS from the variants; tile_first, tiles_y, tiles_x, vectors of the parameters.

struct Unit {
  at: u32, // among the tiles of this dispatch, and the part of a tile's channels
  part: u32,
  image: u32,
  row: u32, // its first output
  column: u32,
}

fn unit_of(tile: u32, part: u32) -> Unit {
  let index = params.tile_first + tile;
  let column = index % params.tiles_x * OUTPUTS;
  let row = index / params.tiles_x % params.tiles_y * OUTPUTS;
  let image = index / params.tiles_x / params.tiles_y;
  return Unit(tile * params.vectors * PARTS + part, part, image, row, column);
}
