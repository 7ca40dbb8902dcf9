// conv2d_gemm_f16_weight_grad: dw[ty, tx, :, :] = sum over images and pixels of
// x[n, oy*s + ty - pad, ox*s + tx - pad, :] outer dy[n, oy, ox, :], with x and dy rounded to float16: products and sums
// are those of float32. Implicit GEMM as in conv2d_gemm_weight_grad, but a step's x and dy lie in workgroup memory as
// float16. All buffers are float32. What is beyond float16 (65504) becomes infinite, and the gradient not finite.
// The pixels are split over the grid's z; conv2d_unpad adds the parts up in a fixed order, so the result never varies.
// Layout: x and dy NHWC; partial [split][tap][in][out].

enable f16;

const THREADS = ROWS * COLUMNS;
const TILE_ROWS = QUADS * ROWS;
const TILE_VECTORS = VECTORS * COLUMNS;
const X_LOADS = TILE_ROWS * DEPTH / THREADS;
const X_APART = THREADS / TILE_ROWS; // pixels between a thread's loads
const DY_LOADS = TILE_VECTORS * DEPTH / THREADS;

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

@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read> dy: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> partial: array<vec4f>;
@group(0) @binding(3) var<uniform> params: Params;

var<workgroup> x_tile: array<vec4h, DEPTH * TILE_ROWS>; // [pixel][tap and input vector]
var<workgroup> dy_tile: array<vec4h, DEPTH * TILE_VECTORS>; // [pixel][output vector]

@compute @workgroup_size(THREADS)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let all_rows = params.taps_y * params.taps_x * params.in_vectors;
  let first_row = group.x * TILE_ROWS;
  let first_vector = group.y * TILE_VECTORS;

  // What this thread fetches of x: one tap and one vec4 of channels, of pixels that move on from step to step.
  let x_row = first_row + local % TILE_ROWS;
  let tap = x_row / params.in_vectors;
  let ty = params.origin_y + i32(tap / params.taps_x);
  let tx = params.origin_x + i32(tap % params.taps_x);
  let begin = group.z * params.pixels_per_split;
  let end = min(begin + params.pixels_per_split, params.batch * params.rows * params.columns);
  var column: array<u32, X_LOADS>;
  var row: array<u32, X_LOADS>;
  var image: array<u32, X_LOADS>;
  for (var l = 0u; l < X_LOADS; l++) {
    let pixel = begin + local / TILE_ROWS + l * X_APART;
    column[l] = pixel % params.columns;
    row[l] = pixel / params.columns % params.rows;
    image[l] = pixel / params.columns / params.rows;
  }
  // A step as a number of images, rows and columns, which is added with carries instead of a division.
  let step_columns = DEPTH % params.columns;
  let step_rows = DEPTH / params.columns % params.rows;
  let step_images = DEPTH / params.columns / params.rows;

  let lane_x = local % COLUMNS;
  let lane_y = local / COLUMNS;
  var sum: array<vec4f, 4 * QUADS * VECTORS>; // [input channel][output vector]
  // Loops over registers have constant trip counts, so that drivers unroll them.
  for (var first = begin; ; first += DEPTH) {
    // Past the end nothing is fetched: the last step is only multiplied.
    let live = first < end;
    var x_next: array<vec4f, X_LOADS>;
    for (var l = 0u; l < X_LOADS; l++) {
      let iy = ty + i32(row[l] * params.step_y);
      let ix = tx + i32(column[l] * params.step_x);
      let inside = first + local / TILE_ROWS + l * X_APART < end && x_row < all_rows &&
        u32(iy) < params.in_height && u32(ix) < params.in_width;
      let pixel = (image[l] * params.in_height + u32(iy)) * params.in_width + u32(ix);
      x_next[l] = select(vec4f(), x[select(0, pixel * params.in_vectors + x_row % params.in_vectors, inside)], inside);
    }
    var dy_next: array<vec4f, DY_LOADS>;
    for (var l = 0u; l < DY_LOADS; l++) {
      let pixel = first + (local + l * THREADS) / TILE_VECTORS;
      let vector = min(first_vector + (local + l * THREADS) % TILE_VECTORS, params.out_vectors - 1);
      dy_next[l] = select(vec4f(), dy[select(0, pixel * params.out_vectors + vector, pixel < end)], pixel < end);
    }

    if (first > begin) {
      for (var k = 0u; k < DEPTH; k++) {
        var d: array<vec4f, VECTORS>;
        for (var j = 0u; j < VECTORS; j++) { d[j] = vec4f(dy_tile[k * TILE_VECTORS + lane_x + j * COLUMNS]); }
        for (var i = 0u; i < QUADS; i++) {
          let c = vec4f(x_tile[k * TILE_ROWS + lane_y + i * ROWS]);
          for (var j = 0u; j < VECTORS; j++) {
            sum[(4 * i + 0) * VECTORS + j] += c.x * d[j];
            sum[(4 * i + 1) * VECTORS + j] += c.y * d[j];
            sum[(4 * i + 2) * VECTORS + j] += c.z * d[j];
            sum[(4 * i + 3) * VECTORS + j] += c.w * d[j];
          }
        }
      }
    }
    if (!live) { break; }

    workgroupBarrier();
    for (var l = 0u; l < X_LOADS; l++) { x_tile[local + l * THREADS] = vec4h(x_next[l]); }
    for (var l = 0u; l < DY_LOADS; l++) { dy_tile[local + l * THREADS] = vec4h(dy_next[l]); }
    workgroupBarrier();

    for (var l = 0u; l < X_LOADS; l++) {
      column[l] += step_columns;
      let row_done = column[l] >= params.columns;
      column[l] -= select(0, params.columns, row_done);
      row[l] += step_rows + u32(row_done);
      let image_done = row[l] >= params.rows;
      row[l] -= select(0, params.rows, image_done);
      image[l] += step_images + u32(image_done);
    }
  }

  for (var i = 0u; i < QUADS; i++) {
    let r = first_row + lane_y + i * ROWS;
    if (r < all_rows) {
      for (var q = 0u; q < 4; q++) {
        for (var j = 0u; j < VECTORS; j++) {
          let vector = first_vector + lane_x + j * COLUMNS;
          if (vector < params.out_vectors) {
            partial[((group.z * all_rows + r) * 4 + q) * params.out_vectors + vector] = sum[(4 * i + q) * VECTORS + j];
          }
        }
      }
    }
  }
}

// The variants append:
//   ROWS, COLUMNS     threads of a workgroup, along input and along output channels
//   QUADS, VECTORS    4s of input and of output channels per thread
//   DEPTH             pixels per step
