// crop: y[n, h, w, c] = x[n, h, w, c] for h < cropped_height, w < cropped_width: undoes pad_edge.
//
// One thread writes one Element (1, 2 or 4 neighbouring channels) of y.
// Layout: x [batch, height, width, channels]   y [batch, cropped_height, cropped_width, channels]
// Slots:  Element, WIDTH, supplied by src/kernels/width.ts; channels is a multiple of WIDTH.

override WORKGROUP: u32 = 256;

struct Params {
  batch: u32,
  height: u32, // of x
  width: u32, // of x
  channels: u32,
  cropped_height: u32,
  cropped_width: u32,
}

@group(0) @binding(0) var<storage, read> x: array<Element>;
@group(0) @binding(1) var<storage, read_write> y: array<Element>;
@group(0) @binding(2) var<uniform> params: Params;

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(global_invocation_id) gid: vec3u,
  @builtin(num_workgroups) groups: vec3u,
) {
  let i = gid.x + gid.y * groups.x * WORKGROUP;
  let channels = params.channels / WIDTH;
  if (i >= params.batch * params.cropped_height * params.cropped_width * channels) { return; }
  let c = i % channels;
  let pixel = i / channels;
  let w = pixel % params.cropped_width;
  let row = pixel / params.cropped_width;
  let h = row % params.cropped_height;
  let n = row / params.cropped_height;
  y[i] = x[((n * params.height + h) * params.width + w) * channels + c];
}
