// gemm_weight_grad: what implicit GEMMs of a convolution's weight gradient have in common: their parameters, and where
// the x and dy of a step come from.
// Layout: x and dy NHWC; partial [split][tap][in][out].
// Needs:  DEPTH, the pixels of a step; TILE_VECTORS, the vec4s of output channels in a tile.

struct Params {
  batch: u32,
  in_height: u32,
  in_width: u32,
  in_vectors: u32, // input channels / 4
  rows: u32, // of dy
  columns: u32,
  out_vectors: u32, // output channels / 4
  taps_y: u32,
  taps_x: u32,
  step_y: u32, // row r of dy, tap t reads input row origin_y + r * step_y + t
  step_x: u32,
  origin_y: i32,
  origin_x: i32,
  splits: u32,
  pixels_per_split: u32,
}

// A pixel of dy.
struct Pixel {
  column: u32,
  row: u32,
  image: u32,
}

// What a thread fetches of x: one tap, as the input of pixel (0, 0) of dy, and one vec4 of channels.
struct Source {
  ty: i32,
  tx: i32,
  vector: u32,
  exists: bool,
}

// Taps and vec4s of input channels.
fn all_rows() -> u32 {
  return params.taps_y * params.taps_x * params.in_vectors;
}

fn source_of(x_row: u32) -> Source {
  let tap = x_row / params.in_vectors;
  let ty = params.origin_y + i32(tap / params.taps_x);
  let tx = params.origin_x + i32(tap % params.taps_x);
  return Source(ty, tx, x_row % params.in_vectors, x_row < all_rows());
}

fn pixel_at(index: u32) -> Pixel {
  let row = index / params.columns;
  return Pixel(index % params.columns, row % params.rows, row / params.rows);
}

// The sum of a pixel and one of at most its size: with carries instead of a division.
fn advanced(pixel: Pixel, by: Pixel) -> Pixel {
  let column = pixel.column + by.column;
  let row_done = column >= params.columns;
  let row = pixel.row + by.row + u32(row_done);
  let image_done = row >= params.rows;
  return Pixel(
    column - select(0, params.columns, row_done),
    row - select(0, params.rows, image_done),
    pixel.image + by.image + u32(image_done),
  );
}

fn x_at(source: Source, pixel: Pixel, live: bool) -> Place {
  let iy = source.ty + i32(pixel.row * params.step_y);
  let ix = source.tx + i32(pixel.column * params.step_x);
  let inside = live && source.exists && u32(iy) < params.in_height && u32(ix) < params.in_width;
  let at = (pixel.image * params.in_height + u32(iy)) * params.in_width + u32(ix);
  return Place(select(0, at * params.in_vectors + source.vector, inside), inside);
}

// The dy of a step, counted through the output channels of the tile first.
fn dy_at(index: u32, first: u32, first_vector: u32, end: u32) -> Place {
  let pixel = first + index / TILE_VECTORS;
  let vector = min(first_vector + index % TILE_VECTORS, params.out_vectors - 1);
  return Place(select(0, pixel * params.out_vectors + vector, pixel < end), pixel < end);
}
