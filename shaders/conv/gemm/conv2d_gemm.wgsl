// conv2d_gemm: y[n, oy, ox, :] = activation(bias + sum over taps of x[n, oy*s + ty - pad, ox*s + tx - pad, :] * w[ty, tx]
// + residual[n, oy, ox, :]).
// Implicit GEMM, [pixels, taps*in] times [taps*in, out]: a workgroup computes TILE_PIXELS x TILE_VECTORS*4 outputs in
// steps of DEPTH input channels of one tap. A step's x and weights lie in workgroup memory; those of the next step are
// fetched into registers meanwhile. A thread computes QUADS*4 pixels x VECTORS*4 channels.
// In conv2d_gemm_f16 x and the weights lie in workgroup memory as float16: what is beyond it (65504) becomes infinite.
// With splits > 1 the steps are shared out over the grid's z, and conv2d_gemm_sum adds up the parts in a fixed order.
// What is rare (tanh, a bias per image, channels that 4 does not divide) is left to conv2d_gemm_sum too: this kernel is
// unrolled, and every branch at its end multiplies.
// Layout: see lib/gemm_forward.wgsl. All buffers, products and sums are float32.

const THREADS = ROWS * COLUMNS;
const TILE_PIXELS = 4 * QUADS * ROWS;
const TILE_VECTORS = VECTORS * COLUMNS;
const DEPTH_VECTORS = DEPTH / 4;
const X_LOADS = TILE_PIXELS * DEPTH_VECTORS / THREADS;
const W_LOADS = TILE_VECTORS * DEPTH / THREADS;
const W_APART = THREADS / TILE_VECTORS; // channels between a thread's loads
const ENDLESS = 0xffffffffu; // Tint counts the turns of every loop whose bound is not a constant

@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read> weights: array<vec4f>;
@group(0) @binding(2) var<storage, read> bias: array<vec4f>;
@group(0) @binding(3) var<storage, read> residual: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(5) var<uniform> params: Params;

var<workgroup> w_tile: array<Operand, DEPTH * TILE_VECTORS>; // [channel][output vector]

alias Sums = array<vec4f, 4 * QUADS * VECTORS>; // [pixel][output vector]

@compute @workgroup_size(THREADS)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  // Neighboring workgroups share their pixels: x is read once from memory, the weights stay in the cache anyway.
  let tiles_across = (params.out_vectors + TILE_VECTORS - 1) / TILE_VECTORS;
  let tile = group.x + group.y * groups.x;
  let first_pixel = tile / tiles_across * TILE_PIXELS;
  let first_vector = tile % tiles_across * TILE_VECTORS;
  if (first_pixel >= pixels()) { return; }

  // What this thread fetches of x: one vec4 of a step's channels, of pixels whose addresses never change.
  let x_vector = local % DEPTH_VECTORS;
  let x_pixel = local / DEPTH_VECTORS;
  var sources: array<Source, X_LOADS>;
  for (var l = 0u; l < X_LOADS; l++) {
    sources[l] = source_of(first_pixel + x_pixel + l * (THREADS / DEPTH_VECTORS), x_vector);
  }

  // And of the weights: one output vector, of every W_APART-th channel.
  let w_channel = local / TILE_VECTORS;
  let w_own = weights_of(local, first_vector);

  let begin = group.z * params.steps_per_split;
  let end = min(begin + params.steps_per_split, params.taps_y * params.taps_x * steps_of_tap());
  var step = step_at(begin);
  let by = strides();

  let lane_x = local % COLUMNS;
  let lane_y = local / COLUMNS;
  var sum: Sums;
  for (var j = 0u; j < VECTORS; j++) {
    let last = params.out_vectors - 1;
    let biased = params.bias == 1;
    let offset = select(vec4f(), bias[select(0, min(first_vector + lane_x + j * COLUMNS, last), biased)], biased);
    for (var p = 0u; p < 4 * QUADS; p++) { sum[p * VECTORS + j] = offset; }
  }
  // Loops over registers have constant trip counts, so that drivers unroll them.
  step.left = select(0, step.left, begin < end);
  var fetched = fetch(&sources, step, x_vector, w_channel, w_own);
  for (var s = begin; s < ENDLESS; s++) {
    if (s >= end) { break; }
    workgroupBarrier();
    for (var l = 0u; l < X_LOADS; l++) {
      store_x(x_pixel + l * (THREADS / DEPTH_VECTORS), x_vector, value_of(fetched.x[l].value, fetched.x[l].inside));
    }
    for (var l = 0u; l < W_LOADS; l++) {
      w_tile[local + l * THREADS] = Operand(value_of(fetched.w[l], has_weights(step, w_channel + l * W_APART)));
    }
    workgroupBarrier();
    step = next(step, by);
    // Past the end nothing is fetched: the last step is only multiplied.
    step.left = select(0, step.left, s + 1 < end);
    fetched = fetch(&sources, step, x_vector, w_channel, w_own);
    multiply_step(&sum, local);
  }

  for (var i = 0u; i < 4 * QUADS; i++) {
    let pixel = first_pixel + pixel_of(lane_y, i);
    if (pixel < pixels()) {
      let at = output_pixel(pixel);
      for (var j = 0u; j < VECTORS; j++) {
        let vector = first_vector + lane_x + j * COLUMNS;
        if (vector < params.out_vectors) { write_output(group.z, at, vector, sum[i * VECTORS + j]); }
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
  w: array<Fetched, W_LOADS>,
}

fn fetch(
  sources: ptr<function, array<Source, X_LOADS>>,
  step: Step,
  x_vector: u32,
  w_channel: u32,
  w_own: u32,
) -> Operands {
  var fetched: Operands;
  for (var l = 0u; l < X_LOADS; l++) {
    let place = x_at((*sources)[l], step, x_vector);
    fetched.x[l] = Input(fetch_left(place), place.inside);
  }
  for (var l = 0u; l < W_LOADS; l++) { fetched.w[l] = fetch_right(weights_at(step, w_channel, w_own, l * W_APART)); }
  return fetched;
}

fn left_at(at: u32) -> vec4f { return x[at]; }
fn right_at(at: u32) -> vec4f { return weights[at]; }

// The variants append:
//   ROWS, COLUMNS     threads of a workgroup, along pixels and along channels
//   QUADS, VECTORS    4s of pixels and of channels per thread
//   DEPTH             input channels per step
//   Fetched, fetch_left(place), fetch_right(place), value_of(fetched, inside)     see lib/fetch_select.wgsl
//   x_tile, store_x(pixel, vector, value), pixel_of(lane_y, i), multiply(&sum, part, local)   see lib/products_of_4.wgsl
//   multiply_step(&sum, local)                                                    see lib/turns_loop.wgsl
// The library appends Operand, four numbers in workgroup memory, and Number, one of them.
