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

// What a thread fetches of x: one tap and one vec4 of channels. Its input of a pixel of dy:
struct Pixel {
  row: i32,
  column: i32,
  at: u32, // its index in x, if it lies in the picture
}

// By how much that moves on with a step, and further where a row of dy, and where an image ends.
struct Strides {
  step: Pixel,
  row: Pixel,
  image: Pixel,
  bottom: i32, // where they end
  right: i32,
}

const OUTSIDE = -0x40000000; // a row far above every picture

// Taps and vec4s of input channels.
fn all_rows() -> u32 {
  return params.taps_y * params.taps_x * params.in_vectors;
}

// The row and column of a tap's input of pixel (0, 0) of dy.
fn origin_of(x_row: u32) -> vec2i {
  let tap = x_row / params.in_vectors;
  let exists = x_row < all_rows();
  return vec2i(
    select(OUTSIDE, params.origin_y + i32(tap / params.taps_x), exists),
    params.origin_x + i32(tap % params.taps_x),
  );
}

// Indices may wrap around: those that lie in the picture are right.
fn moved(image: u32, row: i32, column: i32) -> Pixel {
  let line = image * params.in_height + u32(row);
  return Pixel(row, column, (line * params.in_width + u32(column)) * params.in_vectors);
}

fn pixel_at(index: u32, x_row: u32) -> Pixel {
  let origin = origin_of(x_row);
  let line = index / params.columns;
  let row = origin.x + i32(line % params.rows * params.step_y);
  let column = origin.y + i32(index % params.columns * params.step_x);
  let pixel = moved(line / params.rows, row, column);
  return Pixel(pixel.row, pixel.column, pixel.at + x_row % params.in_vectors);
}

fn strides(by: u32, x_row: u32) -> Strides {
  let origin = origin_of(x_row);
  let height = i32(params.rows * params.step_y);
  let width = i32(params.columns * params.step_x);
  let line = by / params.columns;
  return Strides(
    moved(line / params.rows, i32(line % params.rows * params.step_y), i32(by % params.columns * params.step_x)),
    moved(0, i32(params.step_y), -width),
    moved(1, -height, 0),
    origin.x + height,
    origin.y + width,
  );
}

// The pixel behind it that the strides name: with carries instead of a division.
fn advanced(pixel: Pixel, by: Strides) -> Pixel {
  let row_done = pixel.column + by.step.column >= by.right;
  let row = pixel.row + by.step.row + select(0, by.row.row, row_done);
  let image_done = row >= by.bottom;
  return Pixel(
    row + select(0, by.image.row, image_done),
    pixel.column + by.step.column + select(0, by.row.column, row_done),
    pixel.at + by.step.at + select(0, by.row.at, row_done) + select(0, by.image.at, image_done),
  );
}

fn x_at(pixel: Pixel, live: bool) -> Place {
  let inside = live && u32(pixel.row) < params.in_height && u32(pixel.column) < params.in_width;
  return Place(select(0, pixel.at, inside), inside);
}

// Where a thread's first dy is in a step, whose output vector is that of all of them.
fn dy_of(local: u32, first_vector: u32) -> u32 {
  let vector = min(first_vector + local % TILE_VECTORS, params.out_vectors - 1);
  return local / TILE_VECTORS * params.out_vectors + vector;
}

// The dy of a thread's first pixel, or of the one `apart` from it, in a step of which `left` pixels are left.
fn dy_at(first: u32, pixel: u32, apart: u32, left: u32) -> Place {
  let inside = pixel + apart < left;
  return Place(select(0, first + apart * params.out_vectors, inside), inside);
}
