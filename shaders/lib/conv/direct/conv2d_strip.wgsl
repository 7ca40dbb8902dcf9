// conv2d_strip: what direct convolutions have in common whose threads compute 4 neighboring outputs of a row, in VECTORS*4
// channels: their parameters, where they read, and how they end.
// Outputs, taps and weights have a first and a step of their own: one phase of a strided gradient is a convolution too.
// Needs: VECTORS, vec4s of output channels; store, residual_at, activate from the variants.

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

// Four neighboring outputs.
struct Strip {
  image: u32,
  row: u32,
  column: u32,
}

// What one tap reads for them.
struct Tap {
  start: vec4i, // where the first channels of the four inputs are, in vec4s
  inside: vec4<bool>,
  slice: u32, // where its weights are, in taps
}

fn strips_of_row() -> u32 {
  return (params.columns + 3) / 4;
}

fn strip_at(index: u32) -> Strip {
  let line = index / strips_of_row();
  return Strip(line / params.rows, line % params.rows, index % strips_of_row() * 4);
}

fn tap_at(tap: u32, strip: Strip) -> Tap {
  let ty = tap / params.taps_x;
  let tx = tap % params.taps_x;
  let iy = params.origin_y + i32(strip.row * params.step_y + ty);
  let ix = params.origin_x + i32(strip.column * params.step_x + tx);
  let dx = i32(params.step_x);
  let pixels = vec4i(ix, ix + dx, ix + 2 * dx, ix + 3 * dx);
  let inside = (pixels >= vec4i()) & (pixels < vec4i(i32(params.in_width))) &
    vec4<bool>(iy >= 0 && iy < i32(params.in_height));
  let line = (i32(strip.image * params.in_height) + iy) * i32(params.in_width);
  let start = select(vec4i(), line + pixels, inside) * i32(params.in_stride) + i32(params.in_first);
  return Tap(start, inside, u32(params.tap_first + i32(ty) * params.tap_step_y + i32(tx) * params.tap_step_x));
}

// Stores sums, whose columns are pixels, from output vector `first` on.
fn write_outputs(sum: ptr<function, array<mat4x4f, VECTORS>>, strip: Strip, first: u32) {
  let oy = params.out_first_y + strip.row * params.out_step_y;
  let ox = params.out_first_x + strip.column * params.out_step_x;
  let pixel = (strip.image * params.out_height + oy) * params.out_width + ox;
  // Constant trip counts, so that drivers unroll these loops and keep the sums in registers.
  for (var j = 0u; j < VECTORS; j++) {
    let vector = first + j;
    if (vector * 4 < params.out_channels) {
      let offset = bias_at(strip.image, vector);
      for (var p = 0u; p < 4; p++) {
        if (strip.column + p < params.columns) {
          let at = pixel + p * params.out_step_x;
          store(at, vector, activate((*sum)[j][p] + offset + residual_at(at, vector)));
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
