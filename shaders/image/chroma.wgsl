// chroma: y = gain * (a*, b*) / 127 of a crop of each picture.
//
// a* = 500 (f(X) - f(Y)), b* = 200 (f(Y) - f(Z)) (CIE 1976, D65), X, Y, Z relative to those of RGB white.
// Layout: pixels [images, source_height, source_width], RGBA8 with R in the lowest byte   crops [images]
//         y [images, height, width, 2]

override WORKGROUP: u32 = 256;

struct Params {
  images: u32,
  height: u32,
  width: u32,
  source_height: u32,
  source_width: u32,
  gain: f32, // 1 keeps the colors
}

@group(0) @binding(0) var<storage, read> pixels: array<u32>;
@group(0) @binding(1) var<storage, read> crops: array<vec4u>; // top, left, mirror (0 or 1), unused
@group(0) @binding(2) var<storage, read_write> y: array<vec2f>;
@group(0) @binding(3) var<uniform> params: Params;

// The matrix of sRGB's primaries and white (x 0.3127, y 0.3290), each row divided by its sum: the coefficient of green
// is 1 minus the others. Written as differences from green, greys get exactly a* = b* = 0, however the driver rounds.
fn xyz(rgb: vec3f) -> vec3f {
  let red = vec3f(0.43388735, 0.21263901, 0.01775004);
  let blue = vec3f(0.18988865, 0.07219232, 0.87280234);
  return rgb.g + red * (rgb.r - rgb.g) + blue * (rgb.b - rgb.g);
}

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(global_invocation_id) gid: vec3u,
  @builtin(num_workgroups) groups: vec3u,
) {
  let i = gid.x + gid.y * groups.x * WORKGROUP;
  if (i >= params.images * params.height * params.width) { return; }
  let t = f(xyz(linear(pixel_at(i).rgb)));
  y[i] = params.gain / 127.0 * vec2f(500.0 * (t.x - t.y), 200.0 * (t.y - t.z));
}
