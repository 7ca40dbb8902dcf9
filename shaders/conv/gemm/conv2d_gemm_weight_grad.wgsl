// conv2d_gemm_weight_grad: dw[ty, tx, :, :] = sum over images and pixels of x[n, oy*s + ty - pad, ox*s + tx - pad, :] outer dy[n, oy, ox, :].
// Implicit GEMM, [taps*in, pixels] times [pixels, out]: a workgroup computes TILE_ROWS*4 x TILE_VECTORS*4 weights in
// steps of DEPTH pixels, which lie in workgroup memory; the next step is fetched into registers meanwhile. A thread
// computes QUADS*4 x VECTORS*4 weights in registers. The pixels are split over the grid's z; conv2d_unpad adds the parts up
// in a fixed order, so the result never varies (no atomics).
// In conv2d_gemm_f16_weight_grad x and dy lie in workgroup memory as float16: what is beyond it (65504) becomes infinite,
// and the gradient not finite.
// Layout: see lib/gemm_weight_grad.wgsl. All buffers, products and sums are float32.

const THREADS = ROWS * COLUMNS;
const TILE_ROWS = QUADS * ROWS;
const TILE_VECTORS = VECTORS * COLUMNS;
const X_LOADS = TILE_ROWS * DEPTH / THREADS;
const X_APART = THREADS / TILE_ROWS; // pixels between a thread's loads
const DY_LOADS = TILE_VECTORS * DEPTH / THREADS;
const DY_APART = THREADS / TILE_VECTORS;
const TURNS = DEPTH; // of the multiplication in a step
const ENDLESS = 0xffffffffu; // Tint counts the turns of every loop whose bound is not a constant

@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read> dy: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> partial: array<vec4f>;
@group(0) @binding(3) var<uniform> params: Params;

var<workgroup> x_tile: array<Operand, DEPTH * TILE_ROWS>; // [pixel][tap and input vector]
var<workgroup> dy_tile: array<Operand, DEPTH * TILE_VECTORS>; // [pixel][output vector]

alias Sums = array<vec4f, 4 * QUADS * VECTORS>; // [input channel][output vector]

@compute @workgroup_size(THREADS)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_index) local: u32,
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
  // And of dy: one output vector, of every DY_APART-th pixel.
  let dy_pixel = local / TILE_VECTORS;
  var dy_own = begin * params.out_vectors + dy_of(local, first_vector);

  let lane_x = local % COLUMNS;
  let lane_y = local / COLUMNS;
  var sum: Sums;
  // Loops over registers have constant trip counts, so that drivers unroll them.
  var left = end - min(begin, end);
  let steps = (left + DEPTH - 1) / DEPTH;
  var fetched = fetch(&pixels, x_pixel, dy_own, dy_pixel, left);
  for (var s = 0u; s < ENDLESS; s++) {
    if (s >= steps) { break; }
    workgroupBarrier();
    for (var l = 0u; l < X_LOADS; l++) {
      x_tile[local + l * THREADS] = Operand(value_of(fetched.x[l].value, fetched.x[l].inside));
    }
    for (var l = 0u; l < DY_LOADS; l++) {
      dy_tile[local + l * THREADS] = Operand(value_of(fetched.dy[l], dy_pixel + l * DY_APART < left));
    }
    workgroupBarrier();
    for (var l = 0u; l < X_LOADS; l++) { pixels[l] = advanced(pixels[l], by); }
    dy_own += DEPTH * params.out_vectors;
    // Past the end nothing is fetched: the last step is only multiplied.
    left -= min(left, DEPTH);
    fetched = fetch(&pixels, x_pixel, dy_own, dy_pixel, left);
    multiply_step(&sum, local);
  }

  for (var i = 0u; i < QUADS; i++) {
    let r = first_row + lane_y + i * ROWS;
    if (r < all_rows()) {
      for (var q = 0u; q < 4; q++) {
        for (var j = 0u; j < VECTORS; j++) {
          let vector = first_vector + lane_x + j * COLUMNS;
          if (vector < params.out_vectors) {
            partial[((group.z * all_rows() + r) * 4 + q) * params.out_vectors + vector] = sum[(4 * i + q) * VECTORS + j];
          }
        }
      }
    }
  }
}

// A vec4 of x, and whether there is one.
struct Input {
  value: Fetched,
  inside: bool,
}

// What a thread fetches of a step.
struct Operands {
  x: array<Input, X_LOADS>,
  dy: array<Fetched, DY_LOADS>,
}

// A step of which `left` pixels are left.
fn fetch(pixels: ptr<function, array<Pixel, X_LOADS>>, x_pixel: u32, dy_own: u32, dy_pixel: u32, left: u32) -> Operands {
  var fetched: Operands;
  for (var l = 0u; l < X_LOADS; l++) {
    let place = x_at((*pixels)[l], x_pixel + l * X_APART < left);
    fetched.x[l] = Input(fetch_left(place), place.inside);
  }
  for (var l = 0u; l < DY_LOADS; l++) { fetched.dy[l] = fetch_right(dy_at(dy_own, dy_pixel, l * DY_APART, left)); }
  return fetched;
}

fn left_at(at: u32) -> vec4f { return x[at]; }
fn right_at(at: u32) -> vec4f { return dy[at]; }

// Adds the products of pixels of a step: see lib/turns_loop.wgsl.
fn multiply(sum: ptr<function, Sums>, part: u32, local: u32) {
  // What a function is given could be any number, unless it says otherwise: then indices are not checked.
  let first = min(part, TURNS / TOGETHER - 1) * TOGETHER;
  let lane_x = local % COLUMNS;
  let lane_y = local / COLUMNS % ROWS;
  for (var t = 0u; t < TOGETHER; t++) {
    let turn = first + t;
    var d: array<vec4f, VECTORS>;
    for (var j = 0u; j < VECTORS; j++) { d[j] = vec4f(dy_tile[turn * TILE_VECTORS + lane_x + j * COLUMNS]); }
    for (var i = 0u; i < QUADS; i++) {
      let c = vec4f(x_tile[turn * TILE_ROWS + lane_y + i * ROWS]);
      for (var j = 0u; j < VECTORS; j++) {
        (*sum)[(4 * i + 0) * VECTORS + j] += c.x * d[j];
        (*sum)[(4 * i + 1) * VECTORS + j] += c.y * d[j];
        (*sum)[(4 * i + 2) * VECTORS + j] += c.z * d[j];
        (*sum)[(4 * i + 3) * VECTORS + j] += c.w * d[j];
      }
    }
  }
}

// The variants append:
//   ROWS, COLUMNS     threads of a workgroup, along input and along output channels
//   QUADS, VECTORS    4s of input and of output channels per thread
//   DEPTH             pixels per step
//   Fetched, fetch_left(place), fetch_right(place), value_of(fetched, inside)   see lib/fetch_select.wgsl
//   multiply_step(&sum, local)                                       see lib/turns_loop.wgsl
// The library appends Operand, four numbers in workgroup memory.
