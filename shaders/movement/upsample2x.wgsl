// upsample2x: y[n, h, w, c] = x[n, h / 2, w / 2, c]: nearest neighbor, twice the height and width.
//
// One thread copies one Element (1, 2 or 4 neighboring channels) of x to its four places in y.
// Layout: x [batch, height, width, channels]   y [batch, 2 height, 2 width, channels]
// Slots:  Element, WIDTH, supplied by src/kernels/core/vector_width.ts; channels is a multiple of WIDTH.

override WORKGROUP: u32 = 256;

struct Params {
  batch: u32,
  height: u32, // of x
  width: u32, // of x
  channels: u32,
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
  if (i >= params.batch * params.height * params.width * channels) { return; }
  let c = i % channels;
  let pixel = i / channels;
  let row = pixel / params.width; // n * height + h, which is 2 (n * height + h) in y
  let w = pixel % params.width;

  let step = channels;
  let pitch = 2u * params.width * channels;
  let at = 2u * row * pitch + 2u * w * step + c;
  let value = x[i];
  y[at] = value;
  y[at + step] = value;
  y[at + pitch] = value;
  y[at + pitch + step] = value;
}
