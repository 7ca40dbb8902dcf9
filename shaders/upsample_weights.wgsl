// upsample_weights: s[u, v, i, o] = the sum of w[2 - u + j, 2 - v + k, i, o] over those j, k in {0, 1} that give taps.
//
// Along one axis, w = [a, b, c] becomes [c, b + c, a + b, a]: a 3-tap convolution of a picture repeated twice is a
// transposed convolution of stride 2 of the picture itself, with these 4 taps. One thread per element of s.
// Layout: w [3, 3, in, out]   s [4, 4, in, out], or [4, 4, out, in] in the variant 'turned'.

override WORKGROUP: u32 = 256;

struct Params {
  in_channels: u32, // of w
  out_channels: u32,
}

@group(0) @binding(0) var<storage, read> w: array<f32>;
@group(0) @binding(1) var<storage, read_write> s: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(global_invocation_id) gid: vec3u,
  @builtin(num_workgroups) groups: vec3u,
) {
  let at = gid.x + gid.y * groups.x * WORKGROUP;
  let slice = params.in_channels * params.out_channels;
  if (at >= 16u * slice) { return; }
  let pair = channels(at % slice);
  let u = at / slice / 4u;
  let v = at / slice % 4u;
  var sum = 0.0;
  for (var y = max(2u, u) - u; y <= min(3u - u, 2u); y++) {
    for (var x = max(2u, v) - v; x <= min(3u - v, 2u); x++) {
      sum += w[(3u * y + x) * slice + pair];
    }
  }
  s[at] = sum;
}

// The variants append channels(k): where in a tap of w those channels are that are at k in a tap of s.
