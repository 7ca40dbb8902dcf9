enable subgroups;
// conv2d_weight_grad_subgroup: conv2d_weight_grad for subgroups of exactly 8 lanes (see there for the formula).
// A thread computes 4 input x 32 output channels of one tap, 4 pixels at a time. The 8 lanes of a subgroup share their
// output channels, so each lane loads an eighth of dy, a mat4x4f, and the subgroup hands it round.
// Layout: x and dy NHWC; partial [split][tap][in][out].

override WORKGROUP: u32 = 8;
const VECTORS = 8u; // vec4s of output channels per thread: one per lane

@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read> dy: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> partial: array<vec4f>;
@group(0) @binding(3) var<uniform> params: Params;

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_index) local: u32,
  @builtin(subgroup_invocation_id) lane: u32,
) {
  let taps = params.taps_y * params.taps_x;
  let unit = group.x * WORKGROUP + local;
  let c = unit % params.in_vectors;
  // Threads past the end repeat the last tap, and store nothing: all lanes are needed to hand dy round.
  let tap = min(unit / params.in_vectors, taps - 1);
  let corner = corner_of(tap);
  let first = group.y * VECTORS;
  let own = min(first + lane % VECTORS, params.out_vectors - 1);

  let begin = group.z * params.quads_per_split;
  let end = min(begin + params.quads_per_split, params.batch * params.rows * quads_of_row());
  var quad = quad_at(begin);

  var sum: array<mat4x4f, VECTORS>; // columns are input channels, rows are output channels
  for (var q = begin; q < end; q++) {
    add_products(&sum, dy_at(quad, own), input_at(quad, corner, c));
    quad = next(quad);
  }
  if (unit >= taps * params.in_vectors) { return; }
  write_weights(&sum, group.z, tap, c, first);
}
