// conv2d_patches: y[n, oy, ox, (ty*taps_x + tx)*C + c] = x[n, oy*s + ty - pad, ox*s + tx - pad, c], 0 outside x.
// Lays the inputs of each output side by side, which makes a convolution of 1 or 2 channels a 1x1 convolution of many:
// whole vec4s instead of mostly empty ones. One thread per vec4 of y.
// Layout: x NHWC; y [batch, rows, columns, vectors*4].

override WORKGROUP: u32 = 256;

struct Params {
  batch: u32,
  in_height: u32,
  in_width: u32,
  channels: u32,
  rows: u32,
  columns: u32,
  vectors: u32, // ceil(taps_y * taps_x * channels / 4)
  taps_y: u32,
  taps_x: u32,
  step_y: u32,
  step_x: u32,
  origin_y: i32,
  origin_x: i32,
}

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(2) var<uniform> params: Params;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = gid.x + gid.y * groups.x * WORKGROUP;
  let pixel = i / params.vectors;
  if (pixel >= params.batch * params.rows * params.columns) { return; }
  let ox = pixel % params.columns;
  let oy = pixel / params.columns % params.rows;
  let image = pixel / params.columns / params.rows;
  var value: vec4f;
  for (var k = 0u; k < 4; k++) {
    let slot = i % params.vectors * 4 + k;
    let tap = slot / params.channels;
    let iy = params.origin_y + i32(oy * params.step_y + tap / params.taps_x);
    let ix = params.origin_x + i32(ox * params.step_x + tap % params.taps_x);
    let inside = tap < params.taps_y * params.taps_x &&
      iy >= 0 && iy < i32(params.in_height) && ix >= 0 && ix < i32(params.in_width);
    let at = ((image * params.in_height + u32(iy)) * params.in_width + u32(ix)) * params.channels + slot % params.channels;
    value[k] = select(0.0, x[select(0, at, inside)], inside);
  }
  y[i] = value;
}
