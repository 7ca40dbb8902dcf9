enable subgroups;
// conv2d_channel_subgroup: conv2d_block for devices whose subgroups have exactly 8 lanes (see there for the formula).
// A thread computes 4 neighboring outputs of a row x 32 channels, four input channels at a time. The 8 lanes of a subgroup
// share their output channels: each lane loads an eighth of the weights, and the subgroup hands them round.
// Layout: x and y NHWC; weights [tap][in][out].

override WORKGROUP: u32 = 8;
const VECTORS = 8u; // vec4s of output channels per thread: one per lane

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
  let unit = (group.x + group.z * groups.x) * WORKGROUP + local;
  // Threads past the end work on the last image, and store nothing: all lanes are needed to hand weights round.
  var strip = strip_at(unit);
  strip.image = min(strip.image, params.batch - 1);
  let first = group.y * VECTORS;
  let own = min(first + lane % VECTORS, (params.out_channels + 3) / 4 - 1);

  var sum: array<mat4x4f, VECTORS>; // columns are pixels, rows are channels
  for (var index = 0u; index < params.taps_y * params.taps_x; index++) {
    let tap = tap_at(index, strip);
    for (var c = 0u; c < params.in_vectors; c++) {
      add_outers(&sum, weights_at(tap.slice, c, own), transpose(input_at(tap, c)));
    }
  }
  if (unit >= strips_of_row() * params.rows * params.batch) { return; }
  write_outputs(&sum, strip, first);
}

// The variants append:
//   Y, store(pixel, vector, value),       whole vec4s, or single channels where 4 does not divide out_channels
//   residual_at(pixel, vector) -> vec4f
//   activate(v) -> vec4f
