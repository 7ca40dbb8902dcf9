// winograd_weights: U[:, in, out] = G W G^T, where W is the 3x3 weights from one channel to another, and G the transform
// of Winograd's algorithm; see lib/winograd_4.wgsl. One thread per input channel and 4 output channels.
// Layout: w HWIO; U [point][in][out]. In the variant 'turned', of a convolution's input gradient, `in` counts the output
// channels of w, `out` its input channels, and the taps go backwards.

override WORKGROUP: u32 = 256;

struct Params {
  in_channels: u32, // of U
  out_vectors: u32, // output channels / 4
  points: u32, // POINTS
}

@group(0) @binding(0) var<storage, read> w: array<Weight>;
@group(0) @binding(1) var<storage, read_write> u: array<vec4f>;
@group(0) @binding(2) var<uniform> params: Params;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = gid.x + gid.y * groups.x * WORKGROUP;
  let size = params.in_channels * params.out_vectors;
  if (i >= size) { return; }
  // A queue, for constant indices: so drivers keep it in registers. They unroll no loop whose length is a parameter;
  // unrolled, lavapipe needs ten seconds to compile the loads and stores.
  var rows: array<array<vec4f, POINTS>, 3>;
  for (var y = 0u; y < params.points - POINTS + 3; y++) {
    rows[0] = rows[1];
    rows[1] = rows[2];
    rows[2] = weight_transform(weights_at(y * 3, i), weights_at(y * 3 + 1, i), weights_at(y * 3 + 2, i));
  }
  for (var x = 0u; x < params.points; x++) {
    let column = weight_transform(rows[0][0], rows[1][0], rows[2][0]);
    for (var i = 0u; i < 3; i++) {
      for (var k = 1u; k < POINTS; k++) { rows[i][k - 1] = rows[i][k]; }
    }
    for (var y = 0u; y < POINTS; y++) { u[(y * POINTS + x) * size + i] = column[y]; }
  }
}

// The variants append:
//   POINTS, weight_transform(w0, w1, w2)   G, from three weights to the points of a tile
//   Weight, weights_at(tap, i)             tap `tap` of the thread's 4 weights
