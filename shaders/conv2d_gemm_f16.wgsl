// conv2d_gemm_f16: y[n, oy, ox, :] = activation(sum over taps of x[n, oy*s + ty - pad, ox*s + tx - pad, :] * w[ty, tx]
// + bias + residual[n, oy, ox, :]), with x and w rounded to float16: products and sums are those of float32.
// Implicit GEMM as in conv2d_gemm, but a step's x and weights lie in workgroup memory as float16. All buffers are
// float32. What is beyond float16 (65504) becomes infinite.
// With splits > 1 the steps are shared out over the grid's z, and conv2d_gemm_sum adds up the parts in a fixed order.
// Layout: x and y NHWC, y behind `splits`; weights [tap][in][out]. Outputs and taps have a first and a step of their own.

enable f16;

const THREADS = ROWS * COLUMNS;
const TILE_PIXELS = 4 * QUADS * ROWS;
const TILE_VECTORS = VECTORS * COLUMNS;
const DEPTH_VECTORS = DEPTH / 4;
const X_ROW = DEPTH_VECTORS + 1; // one more, so that neighbouring pixels lie in other banks
const X_LOADS = TILE_PIXELS * DEPTH_VECTORS / THREADS;
const W_LOADS = TILE_VECTORS * DEPTH / THREADS;
const OUTSIDE = -0x40000000; // a row far above every picture

struct Params {
  batch: u32,
  in_height: u32,
  in_width: u32,
  in_vectors: u32, // input channels / 4
  in_stride: u32, // vec4s from pixel to pixel, and where the channels begin: x may be a part of something wider
  in_first: u32,
  rows: u32, // the grid of outputs this dispatch computes
  columns: u32,
  out_height: u32,
  out_width: u32,
  out_vectors: u32, // output channels / 4
  out_step_y: u32, // grid row r is output row out_first_y + r * out_step_y
  out_step_x: u32,
  out_first_y: u32,
  out_first_x: u32,
  taps_y: u32,
  taps_x: u32,
  tap_first: i32, // where the weights of tap (0, 0) are, in taps
  tap_step_y: i32,
  tap_step_x: i32,
  step_y: u32, // grid row r, tap t reads input row origin_y + r * step_y + t
  step_x: u32,
  origin_y: i32,
  origin_x: i32,
  bias: u32, // 1: added, one per channel
  residual: u32, // 1: added before the activation
  activation: u32, // 0 none, 1 ReLU, 3 ReLU6
  out_stride: u32, // vec4s from pixel to pixel, and where they begin: y may be a part of something wider
  out_first: u32,
  splits: u32,
  steps_per_split: u32,
}

@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read> weights: array<vec4f>;
@group(0) @binding(2) var<storage, read> bias: array<vec4f>;
@group(0) @binding(3) var<storage, read> residual: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(5) var<uniform> params: Params;

var<workgroup> x_tile: array<vec4h, TILE_PIXELS * X_ROW>; // [pixel][channel / 4]
var<workgroup> w_tile: array<vec4h, DEPTH * TILE_VECTORS>; // [channel][output vector]

@compute @workgroup_size(THREADS)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  // Neighbouring workgroups share their pixels: x is read once from memory, the weights stay in the cache anyway.
  let pixels = params.batch * params.rows * params.columns;
  let tiles_across = (params.out_vectors + TILE_VECTORS - 1) / TILE_VECTORS;
  let tile = group.x + group.y * groups.x;
  let first_pixel = tile / tiles_across * TILE_PIXELS;
  let first_vector = tile % tiles_across * TILE_VECTORS;
  if (first_pixel >= pixels) { return; }

  // What this thread fetches of x: one vec4 of a step's channels, of pixels whose addresses never change.
  let x_vector = local % DEPTH_VECTORS;
  let x_pixel = local / DEPTH_VECTORS;
  var top: array<i32, X_LOADS>;
  var left: array<i32, X_LOADS>;
  var start: array<i32, X_LOADS>;
  for (var l = 0u; l < X_LOADS; l++) {
    let pixel = first_pixel + x_pixel + l * (THREADS / DEPTH_VECTORS);
    let row = pixel / params.columns;
    let iy = params.origin_y + i32(row % params.rows * params.step_y);
    let ix = params.origin_x + i32(pixel % params.columns * params.step_x);
    let line = i32(row / params.rows * params.in_height) + iy;
    start[l] = (line * i32(params.in_width) + ix) * i32(params.in_stride) + i32(params.in_first + x_vector);
    top[l] = select(OUTSIDE, iy, pixel < pixels);
    left[l] = ix;
  }

  let chunks = (params.in_vectors + DEPTH_VECTORS - 1) / DEPTH_VECTORS;
  let begin = group.z * params.steps_per_split;
  let end = min(begin + params.steps_per_split, params.taps_y * params.taps_x * chunks);
  var c = begin % chunks * DEPTH_VECTORS;
  var ty = i32(begin / chunks / params.taps_x);
  var tx = i32(begin / chunks % params.taps_x);

  let lane_x = local % COLUMNS;
  let lane_y = local / COLUMNS;
  var sum: array<vec4f, 4 * QUADS * VECTORS>; // [pixel][output vector]
  for (var j = 0u; j < VECTORS; j++) {
    let last = params.out_vectors - 1;
    let biased = params.bias == 1;
    let offset = select(vec4f(), bias[select(0, min(first_vector + lane_x + j * COLUMNS, last), biased)], biased);
    for (var p = 0u; p < 4 * QUADS; p++) { sum[p * VECTORS + j] = offset; }
  }
  // Loops over registers have constant trip counts, so that drivers unroll them.
  for (var step = begin; ; step++) {
    // Past the end nothing is fetched: the last step is only multiplied.
    let live = step < end;
    var x_next: array<vec4f, X_LOADS>;
    let x_offset = (ty * i32(params.in_width) + tx) * i32(params.in_stride) + i32(c);
    for (var l = 0u; l < X_LOADS; l++) {
      let inside = live && c + x_vector < params.in_vectors &&
        u32(top[l] + ty) < params.in_height && u32(left[l] + tx) < params.in_width;
      x_next[l] = select(vec4f(), x[select(0, start[l] + x_offset, inside)], inside);
    }
    var w_next: array<vec4f, W_LOADS>;
    let slice = u32(params.tap_first + ty * params.tap_step_y + tx * params.tap_step_x) * params.in_vectors + c;
    for (var l = 0u; l < W_LOADS; l++) {
      let k = (local + l * THREADS) / TILE_VECTORS;
      let vector = min(first_vector + (local + l * THREADS) % TILE_VECTORS, params.out_vectors - 1);
      let inside = live && c + k / 4 < params.in_vectors;
      w_next[l] = select(vec4f(), weights[select(0, (slice * 4 + k) * params.out_vectors + vector, inside)], inside);
    }

    if (step > begin) {
      for (var v = 0u; v < DEPTH_VECTORS; v++) {
        var p: array<vec4f, 4 * QUADS>;
        for (var i = 0u; i < 4 * QUADS; i++) {
          p[i] = vec4f(x_tile[(4 * (lane_y + i / 4 * ROWS) + i % 4) * X_ROW + v]);
        }
        for (var k = 0u; k < 4; k++) {
          for (var j = 0u; j < VECTORS; j++) {
            let w = vec4f(w_tile[(4 * v + k) * TILE_VECTORS + lane_x + j * COLUMNS]);
            for (var i = 0u; i < 4 * QUADS; i++) { sum[i * VECTORS + j] += p[i][k] * w; }
          }
        }
      }
    }
    if (!live) { break; }

    workgroupBarrier();
    for (var l = 0u; l < X_LOADS; l++) {
      x_tile[(x_pixel + l * (THREADS / DEPTH_VECTORS)) * X_ROW + x_vector] = vec4h(x_next[l]);
    }
    for (var l = 0u; l < W_LOADS; l++) { w_tile[local + l * THREADS] = vec4h(w_next[l]); }
    workgroupBarrier();

    // The next step, without a division: along the channels, then along the taps of a row, then down.
    c += DEPTH_VECTORS;
    let tap_done = c >= params.in_vectors;
    c = select(c, 0, tap_done);
    tx += i32(tap_done);
    let row_done = tx == i32(params.taps_x);
    tx = select(tx, 0, row_done);
    ty += i32(row_done);
  }

  for (var i = 0u; i < QUADS; i++) {
    for (var q = 0u; q < 4; q++) {
      let pixel = first_pixel + 4 * (lane_y + i * ROWS) + q;
      if (pixel < pixels) {
        let at = output_pixel(pixel);
        for (var j = 0u; j < VECTORS; j++) {
          let vector = first_vector + lane_x + j * COLUMNS;
          if (vector < params.out_vectors) {
            let added = params.residual == 1;
            let other = residual[select(0, at * params.out_vectors + vector, added)];
            let value = sum[(4 * i + q) * VECTORS + j] + select(vec4f(), other, added);
            let place = (group.z * pixels + at) * params.out_stride + params.out_first + vector;
            let positive = select(value, max(value, vec4f()), params.activation != 0);
            let bounded = select(positive, min(positive, vec4f(6)), params.activation == 3);
            y[place] = select(bounded, value, is_nan(value));
          }
        }
      }
    }
  }
}

// By the bits: a comparison of floats may be compiled as if there were no NaN.
fn is_nan(v: vec4f) -> vec4<bool> {
  return (bitcast<vec4u>(v) & vec4u(0x7fffffffu)) > vec4u(0x7f800000u);
}

// The output's pixel at a pixel of the grid.
fn output_pixel(pixel: u32) -> u32 {
  if (params.out_step_y == 1 && params.out_step_x == 1) { return pixel; }
  let row = pixel / params.columns;
  let oy = params.out_first_y + row % params.rows * params.out_step_y;
  let ox = params.out_first_x + pixel % params.columns * params.out_step_x;
  return (row / params.rows * params.out_height + oy) * params.out_width + ox;
}

// The variants append:
//   ROWS, COLUMNS     threads of a workgroup, along pixels and along channels
//   QUADS, VECTORS    4s of pixels and of channels per thread
//   DEPTH             input channels per step
