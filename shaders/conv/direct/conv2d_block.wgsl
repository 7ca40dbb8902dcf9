// conv2d_block: y[n, oy, ox, :] = activation(sum over taps of x[n, oy*s + ty - pad, ox*s + tx - pad, :] * w[ty, tx]
// + bias + residual[n, oy, ox, :]).
// Direct: a thread computes 4 neighboring outputs of a row x VECTORS*4 channels in registers, tap by tap, 4 input
// channels at a time. The threads of a workgroup share their channels, so that they read the same weights.
// Layout: x and y NHWC; weights [tap][in][out], or [tap][out][in] in the variant 'turned'.

override WORKGROUP: u32 = 64;

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
) {
  let unit = (group.x + group.z * groups.x) * WORKGROUP + local;
  let strip = strip_at(unit);
  if (strip.image >= params.batch) { return; }
  let first = group.y * VECTORS;
  let last = (params.out_channels + 3) / 4 - 1;

  var sum: array<mat4x4f, VECTORS>; // columns are pixels, rows are channels
  for (var index = 0u; index < params.taps_y * params.taps_x; index++) {
    let tap = tap_at(index, strip);
    for (var c = 0u; c < params.in_vectors; c++) {
      let input = input_at(tap, c);
      for (var j = 0u; j < VECTORS; j++) {
        sum[j] = plus_product(sum[j], weights_at(tap.slice, c, min(first + j, last)), input);
      }
    }
  }
  write_outputs(&sum, strip, first);
}

// The variants append:
//   VECTORS                               vec4s of output channels per thread
//   Y, store(pixel, vector, value),       whole vec4s, or single channels where 4 does not divide out_channels
//   residual_at(pixel, vector) -> vec4f
//   weights_at(tap, in, out) -> mat4x4f   columns are 4 input channels, rows 4 output channels
//   activate(v) -> vec4f
//   plus_product(sum, a, b) -> mat4x4f    sum + a b
