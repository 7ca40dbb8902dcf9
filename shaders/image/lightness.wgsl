// lightness: y = L* / 50 - 1, in -1..1, of a crop of each picture.
//
// L* = 116 f(Y) - 16 (CIE 1976), where Y is the luminance of the pixel or of its grey, unrounded.
// A picture's tone, four bytes in a word: blue 0..1 (early film), gamma -1..1, black 0..1, white 0..1; 0: as it is.
// Layout: pixels [images, source_height, source_width], RGBA8 with R in the lowest byte   crops [images]
//         y [images, height, width, 1]
// Slot:   luminance(srgb: vec3f, tone: u32) -> f32, supplied by src/kernels/image/lightness.ts.

override WORKGROUP: u32 = 256;
override GAMMA: f32 = 0.6; // ln of the strongest gamma; the weakest is its inverse
override BLACK: f32 = 0.2; // where black lies in the most faded picture
override WHITE: f32 = 0.25; // how far below 1 white lies in it

struct Params {
  images: u32,
  height: u32,
  width: u32,
  source_height: u32,
  source_width: u32,
}

@group(0) @binding(0) var<storage, read> pixels: array<u32>;
@group(0) @binding(1) var<storage, read> crops: array<vec4u>; // top, left, mirror (0 or 1), tone
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

// A grey 0..1 with another tone curve. What is as it is stays so to the bit.
fn toned(grey: f32, tone: u32) -> f32 {
  if ((tone >> 8u) == 0u) { return grey; }
  let gamma = exp(GAMMA * unpack4x8snorm(tone).y);
  let faded = unpack4x8unorm(tone);
  return mix(BLACK * faded.z, 1.0 - WHITE * faded.w, pow(max(grey, 1e-4), gamma));
}

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(global_invocation_id) gid: vec3u,
  @builtin(num_workgroups) groups: vec3u,
) {
  let i = gid.x + gid.y * groups.x * WORKGROUP;
  if (i >= params.images * params.height * params.width) { return; }
  let tone = crops[i / (params.width * params.height)].w;
  y[i] = (116.0 * f(vec3f(luminance(pixel_at(i).rgb, tone))).x - 16.0) / 50.0 - 1.0;
}
