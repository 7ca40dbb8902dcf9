// gemm_forward: what implicit GEMMs of a convolution have in common: their parameters, where the x and the weights of a
// step come from, and where outputs go.
// Layout: x and y NHWC, y behind `splits`; weights [tap][in][out]. Outputs and taps have a first and a step of their own.
// Needs:  DEPTH_VECTORS, the vec4s of input channels in a step; TILE_VECTORS, those of output channels in a tile; is_nan.

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
  activation: u32, // 0 none, 1 ReLU, 3 ReLU6, 4 hard-swish
  out_stride: u32, // vec4s from pixel to pixel, and where they begin: y may be a part of something wider
  out_first: u32,
  splits: u32,
  steps_per_split: u32,
}

// Where a thread fetches x: at the first tap, its index in x, and its row and column in the picture.
struct Source {
  start: u32,
  top: i32,
  left: i32,
}

// Some input channels of one tap: what lies in workgroup memory at a time.
struct Step {
  left: u32, // vec4s of the tap's channels from the first on
  ty: i32,
  tx: i32,
  at: vec2u, // vec4s from where x is fetched at the first tap, and before the weights of the first channel
}

// By how much `at` of a step moves on: with the channels, and further with a tap and with a row of taps.
struct Strides {
  channels: vec2u,
  tap: vec2u,
  row: vec2u,
}

fn pixels() -> u32 {
  return params.batch * params.rows * params.columns;
}

fn steps_of_tap() -> u32 {
  return (params.in_vectors + DEPTH_VECTORS - 1) / DEPTH_VECTORS;
}

fn source_of(pixel: u32, x_vector: u32) -> Source {
  let row = pixel / params.columns;
  let iy = params.origin_y + i32(row % params.rows * params.step_y);
  let ix = params.origin_x + i32(pixel % params.columns * params.step_x);
  let line = i32(row / params.rows * params.in_height) + iy;
  let start = (line * i32(params.in_width) + ix) * i32(params.in_stride) + i32(params.in_first + x_vector);
  return Source(u32(start), select(OUTSIDE, iy, pixel < pixels()), ix);
}

fn step_at(index: u32) -> Step {
  let tap = index / steps_of_tap();
  let c = index % steps_of_tap() * DEPTH_VECTORS;
  let ty = tap / params.taps_x;
  let tx = tap % params.taps_x;
  let slice = u32(params.tap_first) + ty * u32(params.tap_step_y) + tx * u32(params.tap_step_x);
  let x = (ty * params.in_width + tx) * params.in_stride + c;
  return Step(params.in_vectors - c, i32(ty), i32(tx), vec2u(x, (slice * params.in_vectors + c) * 4 * params.out_vectors));
}

// Where a step is negative, indices wrap around.
fn strides() -> Strides {
  let channel = vec2u(1, 4 * params.out_vectors);
  let tap_x = vec2u(params.in_stride, u32(params.tap_step_x) * params.in_vectors * channel.y);
  let tap_y = vec2u(params.in_width * params.in_stride, u32(params.tap_step_y) * params.in_vectors * channel.y);
  return Strides(
    DEPTH_VECTORS * channel,
    tap_x - steps_of_tap() * DEPTH_VECTORS * channel,
    tap_y - params.taps_x * tap_x,
  );
}

// The next step, by additions: along the channels, then along the taps of a row, then down.
fn next(step: Step, by: Strides) -> Step {
  let tap_done = step.left <= DEPTH_VECTORS;
  let tx = step.tx + i32(tap_done);
  let row_done = tx == i32(params.taps_x);
  return Step(
    select(step.left - DEPTH_VECTORS, params.in_vectors, tap_done),
    step.ty + i32(row_done),
    select(tx, 0, row_done),
    step.at + by.channels + select(vec2u(), by.tap, tap_done) + select(vec2u(), by.row, row_done),
  );
}

fn x_at(source: Source, step: Step, x_vector: u32) -> Place {
  let inside = x_vector < step.left &&
    u32(source.top + step.ty) < params.in_height && u32(source.left + step.tx) < params.in_width;
  return Place(select(0, source.start + step.at.x, inside), inside);
}

// Where a thread's first weights are in a step, whose output vector is that of all of them.
fn weights_of(local: u32, first_vector: u32) -> u32 {
  let vector = min(first_vector + local % TILE_VECTORS, params.out_vectors - 1);
  return local / TILE_VECTORS * params.out_vectors + vector;
}

// Whether a step has weights of a channel.
fn has_weights(step: Step, channel: u32) -> bool { return channel / 4 < step.left; }

// The weights of a thread's first channel, whose place in a step is `own`, or of the one `apart` from it.
fn weights_at(step: Step, channel: u32, own: u32, apart: u32) -> Place {
  let inside = has_weights(step, channel + apart);
  return Place(select(0, step.at.y + own + apart * params.out_vectors, inside), inside);
}

// The output's pixel at a pixel of the grid.
fn output_pixel(pixel: u32) -> u32 {
  if (params.out_step_y == 1 && params.out_step_x == 1) { return pixel; }
  let row = pixel / params.columns;
  let oy = params.out_first_y + row % params.rows * params.out_step_y;
  let ox = params.out_first_x + pixel % params.columns * params.out_step_x;
  return (row / params.rows * params.out_height + oy) * params.out_width + ox;
}

// Adds the residual to a sum, or to its part of a split, applies the activation, and stores it.
fn write_output(split: u32, pixel: u32, vector: u32, sum: vec4f) {
  let added = params.residual == 1;
  let other = residual[select(0, pixel * params.out_vectors + vector, added)];
  let value = sum + select(vec4f(), other, added);
  let place = (split * pixels() + pixel) * params.out_stride + params.out_first + vector;
  y[place] = select(activate(value), value, is_nan(value));
}

fn activate(v: vec4f) -> vec4f {
  switch params.activation {
    case 1: { return max(v, vec4f()); }
    case 3: { return clamp(v, vec4f(), vec4f(6)); }
    case 4: { return v * clamp(v * (1.0 / 6.0) + 0.5, vec4f(), vec4f(1)); }
    default: { return v; }
  }
}
