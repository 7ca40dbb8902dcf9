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
  let slot = i % params.vectors * 4;
  // Where the first slot is; from there on one after the other, as divisions are slow.
  let tap = slot / params.channels;
  var channel = slot - tap * params.channels;
  var ty = tap / params.taps_x;
  var tx = tap - ty * params.taps_x;
  let first_y = params.origin_y + i32(oy * params.step_y);
  let first_x = params.origin_x + i32(ox * params.step_x);
  var value: vec4f;
  for (var k = 0u; k < 4; k++) {
    let iy = first_y + i32(ty);
    let ix = first_x + i32(tx);
    let inside = ty < params.taps_y &&
      iy >= 0 && iy < i32(params.in_height) && ix >= 0 && ix < i32(params.in_width);
    let at = ((image * params.in_height + u32(iy)) * params.in_width + u32(ix)) * params.channels + channel;
    value[k] = select(0.0, x[select(0, at, inside)], inside);
    channel += 1;
    let tap_done = channel == params.channels;
    channel = select(channel, 0, tap_done);
    tx += u32(tap_done);
    let row_done = tx == params.taps_x;
    tx = select(tx, 0, row_done);
    ty += u32(row_done);
  }
  y[i] = value;
}
