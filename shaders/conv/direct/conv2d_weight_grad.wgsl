// conv2d_weight_grad: dw[ty, tx, :, :] = sum over images and pixels of x[n, oy*s + ty - pad, ox*s + tx - pad, :] outer dy[n, oy, ox, :].
// A thread computes 4 input x VECTORS*4 output channels of one tap in registers, 4 pixels at a time. The pixels are
// split over the grid's z; conv2d_unpad adds the parts up in a fixed order, so the result never varies (no atomics).
// Layout: x and dy NHWC; partial [split][tap][in][out].

override WORKGROUP: u32 = 64;

@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read> dy: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> partial: array<vec4f>;
@group(0) @binding(3) var<uniform> params: Params;

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let taps = params.taps_y * params.taps_x;
  let unit = group.x * WORKGROUP + local;
  let c = unit % params.in_vectors;
  let tap = unit / params.in_vectors;
  if (tap >= taps) { return; }
  let corner = corner_of(tap);
  let first = group.y * VECTORS;

  let begin = group.z * params.quads_per_split;
  let end = min(begin + params.quads_per_split, params.batch * params.rows * quads_of_row());
  var quad = quad_at(begin);

  var sum: array<mat4x4f, VECTORS>; // columns are input channels, rows are output channels
  for (var q = begin; q < end; q++) {
    let input = input_at(quad, corner, c);
    for (var j = 0u; j < VECTORS; j++) {
      sum[j] = plus_product(sum[j], dy_at(quad, min(first + j, params.out_vectors - 1)), input);
    }
    quad = next(quad);
  }
  write_weights(&sum, group.z, tap, c, first);
}

// The variants append:
//   VECTORS                               vec4s of output channels per thread
//   plus_product(sum, a, b) -> mat4x4f    sum + a b
