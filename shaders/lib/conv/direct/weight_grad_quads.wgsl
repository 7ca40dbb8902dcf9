// weight_grad_quads: what the direct weight gradients have in common, which take 4 neighboring pixels of dy at a time, a
// quad: their parameters, where they read, and how they end.
// Layout: x and dy NHWC; partial [split][tap][in][out].
// Needs:  VECTORS, the vec4s of output channels of a thread.

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
  quads_per_split: u32, // a quad is 4 neighboring pixels of a row of dy
}

struct Quad {
  column: u32,
  row: u32,
  image: u32,
}

fn quads_of_row() -> u32 {
  return (params.columns + 3) / 4;
}

fn quad_at(index: u32) -> Quad {
  let line = index / quads_of_row();
  return Quad(index % quads_of_row() * 4, line % params.rows, line / params.rows);
}

// The next quad, without a division: along the row, then down, then into the next image.
fn next(quad: Quad) -> Quad {
  let column = quad.column + 4;
  let row_done = column >= params.columns;
  let row = quad.row + u32(row_done);
  let image_done = row == params.rows;
  return Quad(select(column, 0, row_done), select(row, 0, image_done), quad.image + u32(image_done));
}

// The column and the row of what a tap reads for the first pixel of dy.
fn corner_of(tap: u32) -> vec2i {
  return vec2i(params.origin_x + i32(tap % params.taps_x), params.origin_y + i32(tap / params.taps_x));
}

// One vec4 of channels of a quad's inputs, a row each; zeros past the picture.
fn input_at(quad: Quad, corner: vec2i, c: u32) -> mat4x4f {
  let iy = corner.y + i32(quad.row * params.step_y);
  let ix = corner.x + i32(quad.column * params.step_x);
  let dx = i32(params.step_x);
  let pixels = vec4i(ix, ix + dx, ix + 2 * dx, ix + 3 * dx);
  let inside = (pixels >= vec4i()) & (pixels < vec4i(i32(params.in_width))) &
    vec4<bool>(iy >= 0 && iy < i32(params.in_height));
  let line = (i32(quad.image * params.in_height) + iy) * i32(params.in_width);
  let at = select(vec4i(), line + pixels, inside) * i32(params.in_vectors) + i32(c);
  return transpose(mat4x4f(
    select(vec4f(), x[at.x], inside.x),
    select(vec4f(), x[at.y], inside.y),
    select(vec4f(), x[at.z], inside.z),
    select(vec4f(), x[at.w], inside.w),
  ));
}

// One vec4 of channels of the quad's dy, a column each; zeros past the row.
fn dy_at(quad: Quad, vector: u32) -> mat4x4f {
  let pixel = (quad.image * params.rows + quad.row) * params.columns;
  let last = params.columns - 1;
  let column = quad.column;
  return mat4x4f(
    dy[(pixel + column) * params.out_vectors + vector],
    select(vec4f(), dy[(pixel + min(column + 1, last)) * params.out_vectors + vector], column + 1 <= last),
    select(vec4f(), dy[(pixel + min(column + 2, last)) * params.out_vectors + vector], column + 2 <= last),
    select(vec4f(), dy[(pixel + min(column + 3, last)) * params.out_vectors + vector], column + 3 <= last),
  );
}

// Stores sums, whose columns are input channels, from output vector `first` on.
fn write_weights(sum: ptr<function, array<mat4x4f, VECTORS>>, split: u32, tap: u32, c: u32, first: u32) {
  let taps = params.taps_y * params.taps_x;
  let start = ((split * taps + tap) * params.in_vectors + c) * 4 * params.out_vectors + first;
  // Constant trip counts, so that drivers unroll these loops and keep the sums in registers.
  for (var j = 0u; j < VECTORS; j++) {
    if (first + j < params.out_vectors) {
      for (var i = 0u; i < 4; i++) { partial[start + i * params.out_vectors + j] = (*sum)[j][i]; }
    }
  }
}
