enable subgroups;
// conv2d_pointwise_subgroup: y[p, :] = activation(bias + the sum of x[p, c] * w[c, :] + residual[p, :]), a 1x1 convolution
// for devices whose subgroups have exactly 8 lanes.
//
// A thread computes 8 neighboring pixels x CHANNELS, two input channels at a time. The 8 lanes of a subgroup share their
// output channels: each lane loads an eighth of the weights, and the subgroup hands them round. lavapipe is limited by
// loads and stores, so tiles are as large as its compiler bears, and no wider than the layer.
// Layout: x [pixels, in_channels], padded with zeros where their number is odd   w [in_channels, out_channels]
//         y and residual [pixels, out_channels]

override WORKGROUP: u32 = 8;

struct Params {
  pixels: u32,
  in_channels: u32,
  in_stride: u32, // vec2s from pixel to pixel, and where the channels begin: x may be a part of something wider
  in_first: u32,
  out_channels: u32,
  out_stride: u32, // vec4s from pixel to pixel, and where the channels begin: y may be a part of something wider
  out_first: u32,
  bias: u32, // 1 where there is one
  residual: u32, // 1: added before the activation
  halves: u32, // 2
}

@group(0) @binding(0) var<storage, read> x: array<vec2f>;
@group(0) @binding(1) var<storage, read> weights: array<f32>;
@group(0) @binding(2) var<storage, read> bias: array<vec4f>;
@group(0) @binding(3) var<storage, read> residual: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(5) var<uniform> params: Params;

var<private> sums: array<mat2x4f, CHANNELS>; // columns and rows are pixels

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
  @builtin(subgroup_invocation_id) lane: u32,
) {
  let pixel = ((group.x + group.z * groups.x) * WORKGROUP + local) * 8;
  let first = group.y * CHANNELS;
  // Pixels past the end repeat the last one, and are not stored: all lanes are needed to hand weights round.
  let last = params.pixels - 1;
  let near = min(pixel + vec4u(0, 1, 2, 3), vec4u(last)) * params.in_stride + params.in_first;
  let far = min(pixel + vec4u(4, 5, 6, 7), vec4u(last)) * params.in_stride + params.in_first;
  for (var c = 0u; c < params.in_channels; c += 2) {
    let a = transpose(four(near + c / 2));
    let b = transpose(four(far + c / 2));
    // Past the last channel x is 0.
    let rows = min(vec2u(c, c + 1), vec2u(params.in_channels - 1)) * params.out_channels;
    add_products(mat2x4f(a[0], b[0]), mat2x4f(a[1], b[1]), rows, first + lane);
  }

  // A queue of two halves: the loop has no constant length, so that drivers don't unroll it, and compile half as much.
  for (var half = 0u; half < params.halves; half++) {
    for (var v = 0u; v < CHANNELS / 4; v++) {
      let channel = first + 4 * v;
      if (channel < params.out_channels) {
        var offset = vec4f();
        if (params.bias == 1) { offset = bias[channel / 4]; }
        for (var p = 0u; p < 4; p++) {
          let at = pixel + 4 * half + p;
          if (at <= last) {
            var sum = vec4f(sums[4 * v][0][p], sums[4 * v + 1][0][p], sums[4 * v + 2][0][p], sums[4 * v + 3][0][p]) + offset;
            if (params.residual == 1) { sum += residual[(at * params.out_channels + channel) / 4]; }
            y[at * params.out_stride + params.out_first + channel / 4] = activate(sum);
          }
        }
      }
    }
    for (var c = 0u; c < CHANNELS; c++) { sums[c][0] = sums[c][1]; }
  }
}

fn four(at: vec4u) -> mat4x2f {
  return mat4x2f(x[at.x], x[at.y], x[at.z], x[at.w]);
}

// The weight of an output channel; past the end that of the last one, for sums that are not stored.
fn weight(row: u32, channel: u32) -> f32 {
  return weights[row + min(channel, params.out_channels - 1)];
}

// The variants append:
//   CHANNELS                                of a thread
//   add_products(even, odd, rows, channel)  adds those of two input channels to all sums; their weights begin at `rows`
//   activate(v: vec4f) -> vec4f
