// chroma: y = gain * (a*, b*) / 127 of a window of each picture.
//
// a* = 500 (f(X) - f(Y)), b* = 200 (f(Y) - f(Z)) (CIE 1976, D65), X, Y, Z relative to those of RGB white.
// Layout: pixels [images, source_height, source_width], RGBA8 with R in the lowest byte   windows [images]
//         y [images, height, width, 2]

override WORKGROUP: u32 = 256;

struct Params {
  images: u32,
  height: u32,
  width: u32,
  source_height: u32,
  source_width: u32,
  gain: f32, // 1 keeps the colours
}

@group(0) @binding(0) var<storage, read> pixels: array<u32>;
@group(0) @binding(1) var<storage, read> windows: array<vec4u>; // top, left, mirror (0 or 1), unused
@group(0) @binding(2) var<storage, read_write> y: array<vec2f>;
@group(0) @binding(3) var<uniform> params: Params;

// The source pixel (R, G, B, alpha, each 0..1) that output pixel i shows. Past an edge, the edge repeats.
fn pixel_at(i: u32) -> vec4f {
  let row = i / params.width;
  let n = row / params.height;
  let window = windows[n];
  let w = i % params.width;
  let h = min(window.x + row % params.height, params.source_height - 1u);
  let column = min(window.y + select(w, params.width - 1u - w, window.z != 0u), params.source_width - 1u);
  return unpack4x8unorm(pixels[(n * params.source_height + h) * params.source_width + column]);
}

// Linear light of sRGB values (IEC 61966-2-1).
fn linear(c: vec3f) -> vec3f {
  let curve = pow((max(c, vec3f(0.04045)) + 0.055) / 1.055, vec3f(2.4));
  return select(c / 12.92, curve, c > vec3f(0.04045));
}

// CIE's f: the cube root, with a straight line below (6/29)^3. pow is good to some 1e-6: 1e-3 in L*, a*, b* at worst.
fn f(t: vec3f) -> vec3f {
  let edge = vec3f((6.0 / 29.0) * (6.0 / 29.0) * (6.0 / 29.0));
  let root = pow(max(t, edge), vec3f(1.0 / 3.0));
  return select(t / (3.0 * (6.0 / 29.0) * (6.0 / 29.0)) + 4.0 / 29.0, root, t > edge);
}

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
