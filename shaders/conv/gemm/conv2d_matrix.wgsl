// conv2d_matrix: y[n, oy, ox, :] = activation(sum over taps of x[n, oy*s + ty - pad, ox*s + tx - pad, :] * w[ty, tx]
// + bias + residual[n, oy, ox, :]), with x and w rounded to float16 and summed up in float32 by matrix units.
// Implicit GEMM: a workgroup of four subgroups, two by two, computes TILE_PIXELS x TILE_CHANNELS outputs in steps of DEPTH
// input channels of one tap. A step's x and weights lie in workgroup memory as float16; those of the next are fetched into
// registers meanwhile. A subgroup multiplies fragments of M x K by K x N; results pass through workgroup memory.
// Layout: see lib/gemm_forward.wgsl. All buffers are float32. What is beyond float16 (65504) becomes infinite.

enable f16;
enable subgroups;
enable chromium_experimental_subgroup_matrix;

alias Left = subgroup_matrix_left<f16, K, M>;
alias Right = subgroup_matrix_right<f16, N, K>;
alias Result = subgroup_matrix_result<f32, N, M>;

const LANES = 32; // of a subgroup
const THREADS = 4 * LANES;
const TILE_VECTORS = TILE_CHANNELS / 4;
const DEPTH_VECTORS = DEPTH / 4;
// Rows are 16 bytes longer than they need be, so that those of a fragment lie in different banks; also aligned to 16.
const X_ROW = DEPTH_VECTORS + 2;
const W_ROW = TILE_VECTORS + 2;
const X_LOADS = TILE_PIXELS * DEPTH_VECTORS / THREADS;
const W_LOADS = TILE_VECTORS * DEPTH / THREADS;
const W_APART = THREADS / TILE_VECTORS; // channels between a thread's loads
const DOWN = TILE_PIXELS / 2 / M; // fragments of a subgroup
const ACROSS = TILE_CHANNELS / 2 / N;
const RESULT_LOADS = (M * N / 4 + LANES - 1) / LANES;

@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read> weights: array<vec4f>;
@group(0) @binding(2) var<storage, read> bias: array<vec4f>;
@group(0) @binding(3) var<storage, read> residual: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(5) var<uniform> params: Params;

var<workgroup> x_tile: array<vec4h, TILE_PIXELS * X_ROW>; // [pixel][channel / 4]
var<workgroup> w_tile: array<vec4h, DEPTH * W_ROW>; // [channel][output vector]
var<workgroup> result: array<vec4f, 4 * M * N / 4>; // of each subgroup one fragment

@compute @workgroup_size(THREADS)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
  @builtin(subgroup_id) subgroup: u32,
  @builtin(subgroup_invocation_id) lane: u32,
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

  let w_channel = local / TILE_VECTORS;
  let w_own = weights_of(local, first_vector);

  let begin = group.z * params.steps_per_split;
  let end = min(begin + params.steps_per_split, params.taps_y * params.taps_x * steps_of_tap());
  var step = step_at(begin);
  let by = strides();

  let subgroup_pixel = subgroup / 2 * (TILE_PIXELS / 2);
  let subgroup_vector = subgroup % 2 * (TILE_VECTORS / 2);
  var sum: array<Result, DOWN * ACROSS>;
  // Loops over registers have constant trip counts, so that drivers unroll them.
  for (var s = begin; ; s++) {
    // Past the end nothing is fetched: the last step is only multiplied.
    let live = s < end;
    step.left = select(0, step.left, live);
    var x_next: array<Fetched, X_LOADS>;
    var x_inside: array<bool, X_LOADS>;
    for (var l = 0u; l < X_LOADS; l++) {
      let place = x_at(sources[l], step, x_vector);
      x_next[l] = fetch_left(place);
      x_inside[l] = place.inside;
    }
    var w_next: array<Fetched, W_LOADS>;
    for (var l = 0u; l < W_LOADS; l++) { w_next[l] = fetch_right(weights_at(step, w_channel, w_own, l * W_APART)); }

    if (s > begin) {
      for (var k = 0u; k < DEPTH; k += K) {
        var left: array<Left, DOWN>;
        for (var i = 0u; i < DOWN; i++) {
          left[i] = subgroupMatrixLoad<Left, row_major>(&x_tile, (subgroup_pixel + i * M) * X_ROW + k / 4, X_ROW);
        }
        for (var j = 0u; j < ACROSS; j++) {
          let right = subgroupMatrixLoad<Right, row_major>(&w_tile, k * W_ROW + subgroup_vector + j * (N / 4), W_ROW);
          for (var i = 0u; i < DOWN; i++) {
            sum[i * ACROSS + j] = subgroupMatrixMultiplyAccumulate(left[i], right, sum[i * ACROSS + j]);
          }
        }
      }
    }
    if (!live) { break; }

    workgroupBarrier();
    for (var l = 0u; l < X_LOADS; l++) {
      x_tile[(x_pixel + l * (THREADS / DEPTH_VECTORS)) * X_ROW + x_vector] = vec4h(value_of(x_next[l], x_inside[l]));
    }
    for (var l = 0u; l < W_LOADS; l++) {
      let at = local + l * THREADS;
      w_tile[at / TILE_VECTORS * W_ROW + at % TILE_VECTORS] = vec4h(value_of(w_next[l], has_weights(step, w_channel + l * W_APART)));
    }
    workgroupBarrier();
    step = next(step, by);
  }

  for (var f = 0u; f < DOWN * ACROSS; f++) {
    workgroupBarrier();
    subgroupMatrixStore<row_major>(&result, subgroup * (M * N / 4), sum[f], N / 4);
    workgroupBarrier();
    for (var l = 0u; l < RESULT_LOADS; l++) {
      let v = lane + l * LANES;
      let pixel = first_pixel + subgroup_pixel + f / ACROSS * M + v / (N / 4);
      let vector = first_vector + subgroup_vector + f % ACROSS * (N / 4) + v % (N / 4);
      if (v < M * N / 4 && pixel < pixels() && vector < params.out_vectors) {
        let offset = select(vec4f(), bias[select(0, vector, params.bias == 1)], params.bias == 1);
        write_output(group.z, output_pixel(pixel), vector, result[subgroup * (M * N / 4) + v] + offset);
      }
    }
  }
}

fn left_at(at: u32) -> vec4f { return x[at]; }
fn right_at(at: u32) -> vec4f { return weights[at]; }

// The variants append:
//   TILE_PIXELS, TILE_CHANNELS   outputs of a workgroup
//   DEPTH                        input channels per step
//   M, N, K                      the shape of the device's matrix units
