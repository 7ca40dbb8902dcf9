// upsample_weights_grad: dw[y, x] = the sum of ds[2 - y + j, 2 - x + k] over j, k in {0, 1}.
//
// The gradient of upsample_weights, in which each of the 3x3 taps became part of 2x2 of the 4x4.
// One thread per pair of an input and an output channel, with all of its taps.
// Layout: ds [4, 4, out, in]   dw [3, 3, in, out]

override WORKGROUP: u32 = 64;

struct Params {
  in_channels: u32, // of dw
  out_channels: u32,
}

@group(0) @binding(0) var<storage, read> ds: array<f32>;
@group(0) @binding(1) var<storage, read_write> dw: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(global_invocation_id) gid: vec3u,
  @builtin(num_workgroups) groups: vec3u,
) {
  let pair = gid.x + gid.y * groups.x * WORKGROUP;
  let pairs = params.in_channels * params.out_channels;
  if (pair >= pairs) { return; }
  let first = pair % params.out_channels * params.in_channels + pair / params.out_channels;
  var rows: array<vec4f, 4>;
  for (var u = 0u; u < 4; u++) {
    for (var v = 0u; v < 4; v++) { rows[u][v] = ds[first + (4 * u + v) * pairs]; }
  }
  for (var y = 0u; y < 3; y++) {
    let row = rows[2 - y] + rows[3 - y];
    dw[pair + 3 * y * pairs] = row.z + row.w;
    dw[pair + (3 * y + 1) * pairs] = row.y + row.z;
    dw[pair + (3 * y + 2) * pairs] = row.x + row.y;
  }
}
