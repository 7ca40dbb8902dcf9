// lab_to_rgba: the sRGB color of L* = 50 (lightness + 1), (a*, b*) = 127 chroma, clipped channel by channel.
//
// CIE 1976, D65, the inverse of what lightness ('lab') and chroma compute; alpha is 255.
// Layout: lightness [count]   chroma [count, 2]   y [count], RGBA8 with R in the lowest byte.

override WORKGROUP: u32 = 256;

struct Params {
  count: u32, // pixels
}

@group(0) @binding(0) var<storage, read> lightness: array<f32>;
@group(0) @binding(1) var<storage, read> chroma: array<vec2f>;
@group(0) @binding(2) var<storage, read_write> y: array<u32>;
@group(0) @binding(3) var<uniform> params: Params;

// The inverse of CIE's f: the cube, with a straight line below 6/29.
fn f_inverse(t: vec3f) -> vec3f {
  return select(3.0 * (6.0 / 29.0) * (6.0 / 29.0) * (t - 4.0 / 29.0), t * t * t, t > vec3f(6.0 / 29.0));
}

// The inverse of chroma's matrix. Its rows sum to 1 too, so that the coefficient of Y is 1 minus the others; written as
// differences from Y, a* = b* = 0 gives exact greys.
fn rgb(xyz: vec3f) -> vec3f {
  let x = vec3f(3.0803991, -0.92122336, 0.05287394);
  let z = vec3f(-0.54301591, 0.04525586, 1.15110302);
  return xyz.y + x * (xyz.x - xyz.y) + z * (xyz.z - xyz.y);
}

// sRGB values of linear light (IEC 61966-2-1).
fn srgb(linear: vec3f) -> vec3f {
  let c = clamp(linear, vec3f(0.0), vec3f(1.0));
  let curve = 1.055 * pow(max(c, vec3f(0.0031308)), vec3f(1.0 / 2.4)) - 0.055;
  return select(12.92 * c, curve, c > vec3f(0.0031308));
}

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(global_invocation_id) gid: vec3u,
  @builtin(num_workgroups) groups: vec3u,
) {
  let i = gid.x + gid.y * groups.x * WORKGROUP;
  if (i >= params.count) { return; }
  let ab = 127.0 * chroma[i];
  let fy = (50.0 * (lightness[i] + 1.0) + 16.0) / 116.0;
  let t = vec3f(fy + ab.x / 500.0, fy, fy - ab.y / 200.0);
  y[i] = pack4x8unorm(vec4f(srgb(rgb(f_inverse(t))), 1.0));
}
