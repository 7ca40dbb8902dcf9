// conv2d_matrix_weight_grad: dw[ty, tx, :, :] = sum over images and pixels of
// x[n, oy*s + ty - pad, ox*s + tx - pad, :] outer dy[n, oy, ox, :], with x and dy rounded to float16 and summed up in
// float32 by matrix units. Implicit GEMM: four subgroups, two by two, compute TILE_INPUTS x TILE_OUTPUTS weights in steps
// of DEPTH pixels, which lie in workgroup memory as float16; the next step is fetched into registers meanwhile.
// The pixels are split over the grid's z; conv2d_unpad adds the parts up in a fixed order, so the result never varies.
// Layout: see lib/gemm_weight_grad.wgsl. All buffers are float32. What is beyond float16 becomes infinite.

enable f16;
enable subgroups;
enable chromium_experimental_subgroup_matrix;

alias Left = subgroup_matrix_left<f16, K, M>;
alias Right = subgroup_matrix_right<f16, N, K>;
alias Result = subgroup_matrix_result<f32, N, M>;

const LANES = 32; // of a subgroup
const THREADS = 4 * LANES;
const TILE_ROWS = TILE_INPUTS / 4;
const TILE_VECTORS = TILE_OUTPUTS / 4;
// Rows are 16 bytes longer than they need be, so that those of a fragment lie in different banks; also aligned to 16.
const X_ROW = TILE_ROWS + 2;
const DY_ROW = TILE_VECTORS + 2;
const X_LOADS = TILE_ROWS * DEPTH / THREADS;
const X_APART = THREADS / TILE_ROWS; // pixels between a thread's loads
const DY_LOADS = TILE_VECTORS * DEPTH / THREADS;
const DY_APART = THREADS / TILE_VECTORS;
const DOWN = TILE_INPUTS / 2 / M; // fragments of a subgroup
const ACROSS = TILE_OUTPUTS / 2 / N;
const RESULT_LOADS = (M * N / 4 + LANES - 1) / LANES;

@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read> dy: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> partial: array<vec4f>;
@group(0) @binding(3) var<uniform> params: Params;

var<workgroup> x_tile: array<vec4h, DEPTH * X_ROW>; // [pixel][tap and input vector]
var<workgroup> dy_tile: array<vec4h, DEPTH * DY_ROW>; // [pixel][output vector]
var<workgroup> result: array<vec4f, 4 * M * N / 4>; // of each subgroup one fragment

@compute @workgroup_size(THREADS)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_index) local: u32,
  @builtin(subgroup_id) subgroup: u32,
  @builtin(subgroup_invocation_id) lane: u32,
) {
  let first_row = group.x * TILE_ROWS;
  let first_vector = group.y * TILE_VECTORS;

  // What this thread fetches of x: one tap and one vec4 of channels, of pixels that move on from step to step.
  let begin = group.z * params.pixels_per_split;
  let end = min(begin + params.pixels_per_split, params.batch * params.rows * params.columns);
  let x_row = first_row + local % TILE_ROWS;
  let x_pixel = local / TILE_ROWS;
  var pixels: array<Pixel, X_LOADS>;
  for (var l = 0u; l < X_LOADS; l++) { pixels[l] = pixel_at(begin + x_pixel + l * X_APART, x_row); }
  let by = strides(DEPTH, x_row);
  let dy_pixel = local / TILE_VECTORS;
  var dy_own = begin * params.out_vectors + dy_of(local, first_vector);

  let subgroup_row = subgroup / 2 * (TILE_ROWS / 2);
  let subgroup_vector = subgroup % 2 * (TILE_VECTORS / 2);
  var sum: array<Result, DOWN * ACROSS>;
  // Loops over registers have constant trip counts, so that drivers unroll them.
  let pixels_all = end - min(begin, end);
  for (var first = 0u; ; first += DEPTH) {
    // Past the end nothing is fetched: the last step is only multiplied.
    let left = pixels_all - min(first, pixels_all);
    var x_next: array<Fetched, X_LOADS>;
    var x_inside: array<bool, X_LOADS>;
    for (var l = 0u; l < X_LOADS; l++) {
      let place = x_at(pixels[l], x_pixel + l * X_APART < left);
      x_next[l] = fetch_left(place);
      x_inside[l] = place.inside;
    }
    var dy_next: array<Fetched, DY_LOADS>;
    for (var l = 0u; l < DY_LOADS; l++) { dy_next[l] = fetch_right(dy_at(dy_own, dy_pixel, l * DY_APART, left)); }

    if (first > 0) {
      for (var k = 0u; k < DEPTH; k += K) {
        // Lies in memory [pixel][channel]: its columns are the rows there.
        var left: array<Left, DOWN>;
        for (var i = 0u; i < DOWN; i++) {
          left[i] = subgroupMatrixLoad<Left, col_major>(&x_tile, k * X_ROW + subgroup_row + i * (M / 4), X_ROW);
        }
        for (var j = 0u; j < ACROSS; j++) {
          let right = subgroupMatrixLoad<Right, row_major>(&dy_tile, k * DY_ROW + subgroup_vector + j * (N / 4), DY_ROW);
          for (var i = 0u; i < DOWN; i++) {
            sum[i * ACROSS + j] = subgroupMatrixMultiplyAccumulate(left[i], right, sum[i * ACROSS + j]);
          }
        }
      }
    }
    if (left == 0) { break; }

    workgroupBarrier();
    for (var l = 0u; l < X_LOADS; l++) {
      x_tile[(local / TILE_ROWS + l * X_APART) * X_ROW + local % TILE_ROWS] = vec4h(value_of(x_next[l], x_inside[l]));
    }
    for (var l = 0u; l < DY_LOADS; l++) {
      let at = local + l * THREADS;
      dy_tile[at / TILE_VECTORS * DY_ROW + at % TILE_VECTORS] = vec4h(value_of(dy_next[l], dy_pixel + l * DY_APART < left));
    }
    workgroupBarrier();
    for (var l = 0u; l < X_LOADS; l++) { pixels[l] = advanced(pixels[l], by); }
    dy_own += DEPTH * params.out_vectors;
  }

  for (var f = 0u; f < DOWN * ACROSS; f++) {
    workgroupBarrier();
    subgroupMatrixStore<row_major>(&result, subgroup * (M * N / 4), sum[f], N / 4);
    workgroupBarrier();
    for (var l = 0u; l < RESULT_LOADS; l++) {
      let v = lane + l * LANES;
      let r = 4 * (first_row + subgroup_row) + f / ACROSS * M + v / (N / 4);
      let vector = first_vector + subgroup_vector + f % ACROSS * (N / 4) + v % (N / 4);
      if (v < M * N / 4 && r < 4 * all_rows() && vector < params.out_vectors) {
        partial[(group.z * 4 * all_rows() + r) * params.out_vectors + vector] = result[subgroup * (M * N / 4) + v];
      }
    }
  }
}

fn left_at(at: u32) -> vec4f { return x[at]; }
fn right_at(at: u32) -> vec4f { return dy[at]; }

// The variants append:
//   TILE_INPUTS, TILE_OUTPUTS   input channels of taps and output channels of a workgroup
//   DEPTH                       pixels per step
//   M, N, K                     the shape of the device's matrix units
