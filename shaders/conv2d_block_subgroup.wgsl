enable subgroups;
// conv2d_block_subgroup: conv2d_block for devices whose subgroups have exactly 8 lanes (see there for the formula).
// A thread computes 4 neighbouring outputs of a row x 32 channels. The 8 lanes of a subgroup share their channels, so
// each lane loads an eighth of the weights, a mat4x4f, and the subgroup hands them round: lavapipe is limited by loads.
// Layout: x and y NHWC; weights [tap][out][in]: as for the gradient of the input.

override WORKGROUP: u32 = 8;
const VECTORS = 8u; // vec4s of output channels per thread: one per lane

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
  out_channels: u32,
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
  bias: u32, // 0 none, 1 per channel, 2 per image and channel
  residual: u32, // 1: added before the activation
  out_stride: u32, // channels from pixel to pixel, and where they begin: y may be a part of something wider
  out_first: u32,
}

@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read> weights: array<vec4f>;
@group(0) @binding(2) var<storage, read> bias: array<f32>;
@group(0) @binding(3) var<storage, read> residual: array<Y>;
@group(0) @binding(4) var<storage, read_write> y: array<Y>;
@group(0) @binding(5) var<uniform> params: Params;

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
  @builtin(subgroup_invocation_id) lane: u32,
) {
  let strips = (params.columns + 3) / 4;
  let unit = (group.x + group.z * groups.x) * WORKGROUP + local;
  let column = unit % strips * 4;
  let row = unit / strips % params.rows;
  // Threads past the end work on the last image, and store nothing: all lanes are needed to hand weights round.
  let image = min(unit / strips / params.rows, params.batch - 1);
  let first = group.y * VECTORS;
  let own = min(first + lane % VECTORS, (params.out_channels + 3) / 4 - 1);

  var sum: array<mat4x4f, VECTORS>; // columns are pixels, rows are channels
  for (var tap = 0u; tap < params.taps_y * params.taps_x; tap++) {
    let ty = tap / params.taps_x;
    let tx = tap % params.taps_x;
    let iy = params.origin_y + i32(row * params.step_y + ty);
    let ix = params.origin_x + i32(column * params.step_x + tx);
    let dx = i32(params.step_x);
    let pixels = vec4i(ix, ix + dx, ix + 2 * dx, ix + 3 * dx);
    let inside = (pixels >= vec4i()) & (pixels < vec4i(i32(params.in_width))) &
      vec4<bool>(iy >= 0 && iy < i32(params.in_height));
    let line = (i32(image * params.in_height) + iy) * i32(params.in_width);
    let start = select(vec4i(), line + pixels, inside) * i32(params.in_stride) + i32(params.in_first);
    let slice = params.tap_first + i32(ty) * params.tap_step_y + i32(tx) * params.tap_step_x;
    for (var c = 0u; c < params.in_vectors; c++) {
      let input = mat4x4f(
        select(vec4f(), x[start.x + i32(c)], inside.x),
        select(vec4f(), x[start.y + i32(c)], inside.y),
        select(vec4f(), x[start.z + i32(c)], inside.z),
        select(vec4f(), x[start.w + i32(c)], inside.w),
      );
      let w = weights_at(u32(slice), c, own);
      sum[0] += mat4x4f(subgroupBroadcast(w[0], 0), subgroupBroadcast(w[1], 0), subgroupBroadcast(w[2], 0), subgroupBroadcast(w[3], 0)) * input;
      sum[1] += mat4x4f(subgroupBroadcast(w[0], 1), subgroupBroadcast(w[1], 1), subgroupBroadcast(w[2], 1), subgroupBroadcast(w[3], 1)) * input;
      sum[2] += mat4x4f(subgroupBroadcast(w[0], 2), subgroupBroadcast(w[1], 2), subgroupBroadcast(w[2], 2), subgroupBroadcast(w[3], 2)) * input;
      sum[3] += mat4x4f(subgroupBroadcast(w[0], 3), subgroupBroadcast(w[1], 3), subgroupBroadcast(w[2], 3), subgroupBroadcast(w[3], 3)) * input;
      sum[4] += mat4x4f(subgroupBroadcast(w[0], 4), subgroupBroadcast(w[1], 4), subgroupBroadcast(w[2], 4), subgroupBroadcast(w[3], 4)) * input;
      sum[5] += mat4x4f(subgroupBroadcast(w[0], 5), subgroupBroadcast(w[1], 5), subgroupBroadcast(w[2], 5), subgroupBroadcast(w[3], 5)) * input;
      sum[6] += mat4x4f(subgroupBroadcast(w[0], 6), subgroupBroadcast(w[1], 6), subgroupBroadcast(w[2], 6), subgroupBroadcast(w[3], 6)) * input;
      sum[7] += mat4x4f(subgroupBroadcast(w[0], 7), subgroupBroadcast(w[1], 7), subgroupBroadcast(w[2], 7), subgroupBroadcast(w[3], 7)) * input;
    }
  }
  if (unit >= strips * params.rows * params.batch) { return; }
  let oy = params.out_first_y + row * params.out_step_y;
  let ox = params.out_first_x + column * params.out_step_x;
  let pixel = (image * params.out_height + oy) * params.out_width + ox;
  // Constant trip counts, so that drivers unroll these loops and keep `sum` in registers.
  for (var j = 0u; j < VECTORS; j++) {
    let vector = first + j;
    if (vector * 4 < params.out_channels) {
      let offset = bias_at(image, vector);
      for (var p = 0u; p < 4; p++) {
        if (column + p < params.columns) {
          let at = pixel + p * params.out_step_x;
          store(at, vector, activate(sum[j][p] + offset + residual_at(at, vector)));
        }
      }
    }
  }
}

fn bias_at(image: u32, vector: u32) -> vec4f {
  if (params.bias == 0) { return vec4f(); }
  let start = select(0, image * params.out_channels, params.bias == 2);
  let last = params.out_channels - 1;
  let c = vector * 4;
  return vec4f(
    bias[start + min(c, last)],
    bias[start + min(c + 1, last)],
    bias[start + min(c + 2, last)],
    bias[start + min(c + 3, last)],
  );
}

// The variants append:
//   Y, store(pixel, vector, value),       whole vec4s, or single channels where 4 does not divide out_channels
//   residual_at(pixel, vector) -> vec4f
//   weights_at(tap, in, out) -> mat4x4f   columns are 4 input channels, rows 4 output channels
//   activate(v) -> vec4f
