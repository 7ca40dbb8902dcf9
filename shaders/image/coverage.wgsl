// coverage: y = alpha / 255 of a crop of each picture: 0 marks padding, which must not count in the loss.
//
// Layout: pixels [images, source_height, source_width], RGBA8 with R in the lowest byte   crops [images]
//         y [images, height, width]

override WORKGROUP: u32 = 256;

struct Params {
  images: u32,
  height: u32,
  width: u32,
  source_height: u32,
  source_width: u32,
}

@group(0) @binding(0) var<storage, read> pixels: array<u32>;
@group(0) @binding(1) var<storage, read> crops: array<vec4u>; // top, left, mirror (0 or 1), unused
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(global_invocation_id) gid: vec3u,
  @builtin(num_workgroups) groups: vec3u,
) {
  let i = gid.x + gid.y * groups.x * WORKGROUP;
  if (i >= params.images * params.height * params.width) { return; }
  y[i] = pixel_at(i).a;
}
