// conv2d_weight_grad: dw[ty, tx, :, :] = sum over images and pixels of x[n, oy*s + ty - pad, ox*s + tx - pad, :] outer dy[n, oy, ox, :].
// A thread computes 4 input x VECTORS*4 output channels of one tap in registers, 4 pixels at a time. The pixels are
// split over the grid's z; conv2d_unpad adds the parts up in a fixed order, so the result never varies (no atomics).
// Layout: x and dy NHWC; partial [split][tap][in][out].

override WORKGROUP: u32 = 64;

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
  quads_per_split: u32, // a quad is 4 neighbouring pixels of a row of dy
}

@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read> dy: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> partial: array<vec4f>;
@group(0) @binding(3) var<uniform> params: Params;

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let taps = params.taps_y * params.taps_x;
  let unit = group.x * WORKGROUP + local;
  let c = unit % params.in_vectors;
  let tap = unit / params.in_vectors;
  if (tap >= taps) { return; }
  let ty = params.origin_y + i32(tap / params.taps_x);
  let tx = params.origin_x + i32(tap % params.taps_x);
  let first = group.y * VECTORS;

  let quads = (params.columns + 3) / 4;
  let begin = group.z * params.quads_per_split;
  let end = min(begin + params.quads_per_split, params.batch * params.rows * quads);
  var column = begin % quads * 4;
  var row = begin / quads % params.rows;
  var image = begin / quads / params.rows;

  var sum: array<mat4x4f, VECTORS>; // columns are input channels, rows are output channels
  for (var quad = begin; quad < end; quad++) {
    let iy = ty + i32(row * params.step_y);
    let ix = tx + i32(column * params.step_x);
    let dx = i32(params.step_x);
    let pixels = vec4i(ix, ix + dx, ix + 2 * dx, ix + 3 * dx);
    let inside = (pixels >= vec4i()) & (pixels < vec4i(i32(params.in_width))) &
      vec4<bool>(iy >= 0 && iy < i32(params.in_height));
    let line = (i32(image * params.in_height) + iy) * i32(params.in_width);
    let at = select(vec4i(), line + pixels, inside) * i32(params.in_vectors) + i32(c);
    let input = transpose(mat4x4f(
      select(vec4f(), x[at.x], inside.x),
      select(vec4f(), x[at.y], inside.y),
      select(vec4f(), x[at.z], inside.z),
      select(vec4f(), x[at.w], inside.w),
    ));
    let pixel = (image * params.rows + row) * params.columns;
    let last = params.columns - 1;
    for (var j = 0u; j < VECTORS; j++) {
      let vector = min(first + j, params.out_vectors - 1);
      let d = mat4x4f(
        dy[(pixel + column) * params.out_vectors + vector],
        select(vec4f(), dy[(pixel + min(column + 1, last)) * params.out_vectors + vector], column + 1 <= last),
        select(vec4f(), dy[(pixel + min(column + 2, last)) * params.out_vectors + vector], column + 2 <= last),
        select(vec4f(), dy[(pixel + min(column + 3, last)) * params.out_vectors + vector], column + 3 <= last),
      );
      sum[j] += d * input;
    }

    // The next quad, without a division: along the row, then down, then into the next image.
    column += 4;
    let row_done = column >= params.columns;
    column = select(column, 0, row_done);
    row += u32(row_done);
    let image_done = row == params.rows;
    row = select(row, 0, image_done);
    image += u32(image_done);
  }
  let start = ((group.z * taps + tap) * params.in_vectors + c) * 4 * params.out_vectors + first;
  // Constant trip counts, so that drivers unroll these loops and keep `sum` in registers.
  for (var j = 0u; j < VECTORS; j++) {
    if (first + j < params.out_vectors) {
      for (var i = 0u; i < 4; i++) { partial[start + i * params.out_vectors + j] = sum[j][i]; }
    }
  }
}

// The variants append VECTORS, the vec4s of output channels per thread.
