// winograd_weights_grad: dw[:, :, in, out] = G^T (sum over s of dU[s, :, in, out]) G, the transpose of winograd_weights'
// transform; the parts s are added in their order. One thread per input channel and 4 output channels.
// Layout: dU [part][point][in][out]; dw HWIO.

override WORKGROUP: u32 = 64;

struct Params {
  in_channels: u32,
  out_vectors: u32, // output channels / 4
  splits: u32,
  points: u32, // POINTS
}

@group(0) @binding(0) var<storage, read> du: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> dw: array<vec4f>;
@group(0) @binding(2) var<uniform> params: Params;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let unit = gid.x + gid.y * groups.x * WORKGROUP;
  let size = params.in_channels * params.out_vectors;
  if (unit >= size) { return; }

  // A queue, for constant indices: so drivers keep it in registers. They unroll no loop whose length is a parameter;
  // unrolled, lavapipe needs ten seconds to compile the loads and stores.
  var rows: array<array<vec4f, 3>, POINTS>;
  for (var i = 0u; i < params.points; i++) {
    // The zeros are spelled out: on lavapipe a mere declaration keeps what the last turn of the loop left.
    var values = array<vec4f, POINTS>();
    for (var s = 0u; s < params.splits; s++) {
      for (var j = 0u; j < POINTS; j++) { values[j] += du[((s * POINTS + i) * POINTS + j) * size + unit]; }
    }
    for (var k = 1u; k < POINTS; k++) { rows[k - 1] = rows[k]; }
    rows[POINTS - 1] = weight_grad_transform(values);
  }
  for (var x = 0u; x < params.points - POINTS + 3; x++) {
    var values: array<vec4f, POINTS>;
    for (var i = 0u; i < POINTS; i++) {
      values[i] = rows[i][0];
      rows[i][0] = rows[i][1];
      rows[i][1] = rows[i][2];
    }
    let result = weight_grad_transform(values);
    for (var y = 0u; y < 3; y++) { dw[(y * 3 + x) * size + unit] = result[y]; }
  }
}

// The variants append:
//   POINTS, weight_grad_transform(values)   G^T, from the gradients of a tile's points to those of three weights
