// upsample_weights_grad: dw[y, x, i, o] = the sum of ds[2 - y + j, 2 - x + k, o, i] over j, k in {0, 1}.
//
// The gradient of upsample_weights: each tap of w took part in 2 x 2 taps of s. One thread per element of dw.
// Layout: ds [4, 4, out, in]   dw [3, 3, in, out]

override WORKGROUP: u32 = 256;

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
  let at = gid.x + gid.y * groups.x * WORKGROUP;
  let slice = params.in_channels * params.out_channels;
  if (at >= 9u * slice) { return; }
  let o = at % params.out_channels;
  let i = at / params.out_channels % params.in_channels;
  let y = at / slice / 3u;
  let x = at / slice % 3u;
  let first = (4u * (2u - y) + 2u - x) * slice + o * params.in_channels + i;
  dw[at] = (ds[first] + ds[first + slice]) + (ds[first + 4u * slice] + ds[first + 5u * slice]);
}
