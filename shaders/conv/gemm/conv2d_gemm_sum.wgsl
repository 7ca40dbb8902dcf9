// conv2d_gemm_sum: y[n, oy, ox, c] = activation(sum over s of partial[s, pixel, c] + bias + residual[n, oy, ox, c]).
// Adds up the parts of a split conv2d_gemm in the order of s, so the result never varies. One thread per output of the
// grid; also the way out of conv2d_gemm for channel counts that 4 does not divide.
// Layout: partial [splits, batch*rows*columns, vectors*4]; y and residual NHWC, y perhaps a part of something wider.

override WORKGROUP: u32 = 256;

struct Params {
  splits: u32,
  batch: u32,
  rows: u32, // the grid of outputs this dispatch computes
  columns: u32,
  out_height: u32,
  out_width: u32,
  out_channels: u32,
  out_step_y: u32, // grid row r is output row out_first_y + r * out_step_y
  out_step_x: u32,
  out_first_y: u32,
  out_first_x: u32,
  bias: u32, // 0 none, 1 per channel, 2 per image and channel
  residual: u32, // 1: added before the activation
  activation: u32, // 0 none, 1 ReLU, 2 tanh, 3 ReLU6, 4 hard-swish
  out_stride: u32, // channels from pixel to pixel, and where they begin
  out_first: u32,
}

@group(0) @binding(0) var<storage, read> partial: array<f32>;
@group(0) @binding(1) var<storage, read> bias: array<f32>;
@group(0) @binding(2) var<storage, read> residual: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;
@group(0) @binding(4) var<uniform> params: Params;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = gid.x + gid.y * groups.x * WORKGROUP;
  let pixels = params.batch * params.rows * params.columns;
  let pixel = i / params.out_channels;
  let c = i % params.out_channels;
  if (pixel >= pixels) { return; }
  let channels = (params.out_channels + 3) / 4 * 4;
  var sum = 0.0;
  for (var s = 0u; s < params.splits; s++) { sum += partial[(s * pixels + pixel) * channels + c]; }

  let row = pixel / params.columns;
  let image = row / params.rows;
  let oy = params.out_first_y + row % params.rows * params.out_step_y;
  let ox = params.out_first_x + pixel % params.columns * params.out_step_x;
  let at = (image * params.out_height + oy) * params.out_width + ox;
  if (params.bias != 0) { sum += bias[select(0, image * params.out_channels, params.bias == 2) + c]; }
  if (params.residual != 0) { sum += residual[at * params.out_channels + c]; }
  let before = sum;
  if (params.activation == 1) { sum = max(sum, 0.0); }
  if (params.activation == 3) { sum = clamp(sum, 0.0, 6.0); }
  if (params.activation == 4) { sum *= clamp(sum * (1.0 / 6.0) + 0.5, 0.0, 1.0); }
  // Past 15 tanh is 1 in float32; some drivers overflow on large arguments.
  if (params.activation == 2) { sum = tanh(clamp(sum, -15.0, 15.0)); }
  // NaN, by its bits, stays: clamp and max may drop it.
  let is_nan = (bitcast<u32>(before) & 0x7fffffffu) > 0x7f800000u;
  y[at * params.out_stride + params.out_first + c] = select(sum, before, is_nan);
}
