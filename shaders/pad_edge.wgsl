// pad_edge: y[n, h, w, c] = x[n, min(h, height - 1), min(w, width - 1), c]: repeats the last row and column.
//
// One thread writes one Element (1, 2 or 4 neighbouring channels) of y.
// Layout: x [batch, height, width, channels]   y [batch, padded_height, padded_width, channels]
// Slots:  Element, WIDTH, supplied by src/kernels/width.ts; channels is a multiple of WIDTH.

override WORKGROUP: u32 = 256;

struct Params {
  batch: u32,
  height: u32, // of x
  width: u32, // of x
  channels: u32,
  padded_height: u32,
  padded_width: u32,
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
  if (i >= params.batch * params.padded_height * params.padded_width * channels) { return; }
  let c = i % channels;
  let pixel = i / channels;
  let w = min(pixel % params.padded_width, params.width - 1u);
  let row = pixel / params.padded_width;
  let h = min(row % params.padded_height, params.height - 1u);
  let n = row / params.padded_height;
  y[i] = x[((n * params.height + h) * params.width + w) * channels + c];
}
