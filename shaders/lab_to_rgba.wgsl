// lab_to_rgba: the sRGB colour of L* = 50 (lightness + 1), (a*, b*) = 127 chroma, clipped channel by channel.
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
