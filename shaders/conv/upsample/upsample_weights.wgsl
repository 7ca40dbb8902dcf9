// upsample_weights: the 4x4 taps s that stand for nearest x2 followed by the 3x3 taps w.
//
// Along one axis, [a, b, c] becomes [c, b + c, a + b, a]: 3 taps on a picture whose pixels are repeated are a transposed
// convolution of stride 2 of the picture itself, with these 4. Both axes are treated so, one after the other.
// One thread per pair of an input and an output channel, with all of its taps.
// Layout: w [3, 3, in, out]   s [4, 4, in, out], or [4, 4, out, in] in the variant 'turned'.

override WORKGROUP: u32 = 64;

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
  let pair = gid.x + gid.y * groups.x * WORKGROUP;
  let pairs = params.in_channels * params.out_channels;
  if (pair >= pairs) { return; }
  let first = place(pair);
  var rows: array<vec4f, 3>;
  for (var y = 0u; y < 3; y++) {
    let a = w[first + 3 * y * pairs];
    let b = w[first + (3 * y + 1) * pairs];
    let c = w[first + (3 * y + 2) * pairs];
    rows[y] = vec4f(c, b + c, a + b, a);
  }
  let taps = array(rows[2], rows[1] + rows[2], rows[0] + rows[1], rows[0]);
  for (var u = 0u; u < 4; u++) {
    for (var v = 0u; v < 4; v++) { s[pair + (4 * u + v) * pairs] = taps[u][v]; }
  }
}

// The variants append place(pair): where in a tap of w the pair is that has this place in a tap of s.
