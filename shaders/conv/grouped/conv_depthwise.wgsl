// conv_depthwise: y[n, o, c] = activation(bias[c] + the sum of x[n, o * STEP + origin + t, c] * w[t, c] over the taps t).
//
// Each channel by itself, TAPS x TAPS, without dilation; conv_direct does the rest. A thread goes down a strip of one
// channel, STRIP outputs wide and `rows` high: it loads its weights once, and each row of x once, which it adds to all
// outputs that see the row. Neighboring threads have neighboring channels, so that they read whole stretches of memory.
// Layout: x and y NHWC   w [TAPS, TAPS, channels]   bias [channels]

override WORKGROUP: u32 = 64;
const SPAN = (STRIP - 1) * STEP + TAPS; // columns of x that a strip sees
const LAG = (TAPS - 1) / STEP; // steps that an output takes after the one that begins it

struct Params {
  batch: u32,
  in_height: u32,
  in_width: u32,
  out_height: u32,
  out_width: u32,
  channels: u32,
  taps: u32, // TAPS
  origin_y: i32, // the first output's first tap
  origin_x: i32,
  bias: u32, // 1 where there is one
  rows: u32, // outputs that a thread computes, one below the other
}

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> w: array<f32>;
@group(0) @binding(2) var<storage, read> bias: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;
@group(0) @binding(4) var<uniform> params: Params;

var<private> weights: array<f32, TAPS * TAPS>;
var<private> sums: array<Strip, LAG + 1>; // of the output that began q steps ago

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let unit = (group.x + group.y * groups.x) * WORKGROUP + local;
  let strips = (params.out_width + STRIP - 1) / STRIP;
  let parts = (params.out_height + params.rows - 1) / params.rows;
  let channel = unit % params.channels;
  let column = unit / params.channels % strips * STRIP;
  let part = unit / params.channels / strips;
  let first = part % parts * params.rows;
  let end = min(first + params.rows, params.out_height);
  let image = part / parts;
  if (image >= params.batch) { return; }

  // Loops over registers have constant trip counts, so that drivers unroll them.
  for (var t = 0u; t < TAPS * TAPS; t++) { weights[t] = w[t * params.channels + channel]; }
  var offset = 0.0;
  if (params.bias == 1) { offset = bias[channel]; }
  for (var step = first; step < end + LAG; step++) {
    let v = params.origin_y + i32(step * STEP);
    add_row(image, v, 0, column, channel);
    if (STEP == 2) { add_row(image, v + 1, 1, column, channel); }
    if (step >= first + LAG) {
      let row = image * params.out_height + step - LAG;
      for (var p = 0u; p < STRIP; p++) {
        if (column + p < params.out_width) {
          let at = row * params.out_width + column + p;
          y[at * params.channels + channel] = activate(output(sums[LAG], p) + offset);
        }
      }
    }
    for (var q = 0u; q < LAG; q++) { sums[LAG - q] = sums[LAG - q - 1]; }
    sums[0] = Strip();
  }
}

// Adds row v of x to the outputs that see it: for one that began q steps ago it is the row of tap q * STEP + phase.
fn add_row(image: u32, v: i32, phase: u32, column: u32, channel: u32) {
  if (v < 0 || v >= i32(params.in_height)) { return; } // as good as zeros, and nothing is loaded
  let line = (i32(image * params.in_height) + v) * i32(params.in_width);
  var values: array<f32, SPAN>;
  for (var i = 0u; i < SPAN; i++) {
    let u = params.origin_x + i32(column * STEP + i);
    let inside = u >= 0 && u < i32(params.in_width);
    values[i] = select(0, x[u32(select(line, line + u, inside)) * params.channels + channel], inside);
  }
  for (var q = 0u; q <= LAG; q++) {
    let ty = q * STEP + phase;
    if (ty < TAPS) {
      var sum = sums[q];
      for (var tx = 0u; tx < TAPS; tx++) { sum += strip(values, tx) * weights[ty * TAPS + tx]; }
      sums[q] = sum;
    }
  }
}

// The variants append:
//   TAPS, STEP                                the window's extent, and its way from output to output, along both axes
//   STRIP, Strip                              outputs of a thread in a row, and the vectors that hold a number for each
//   strip(values, i) -> Strip                 every STEPth of the values from i on
//   output(sum: Strip, p: u32) -> f32         the number of the strip's output p
//   activate(v: f32) -> f32
