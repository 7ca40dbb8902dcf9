// upsample2x_grad: dx[n, h, w, c] = the sum of dy[n, 2h + i, 2w + j, c] over i, j in {0, 1}.
//
// One thread adds the four elements of dy that one Element (1, 2 or 4 channels) of x went to, rows first.
// Layout: dx [batch, height, width, channels]   dy [batch, 2 height, 2 width, channels]
// Slots:  Element, WIDTH, supplied by src/kernels/core/vector_width.ts; channels is a multiple of WIDTH.

override WORKGROUP: u32 = 256;

struct Params {
  batch: u32,
  height: u32, // of dx
  width: u32, // of dx
  channels: u32,
}

@group(0) @binding(0) var<storage, read> dy: array<Element>;
@group(0) @binding(1) var<storage, read_write> dx: array<Element>;
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
  let row = pixel / params.width; // n * height + h, which is 2 (n * height + h) in dy
  let w = pixel % params.width;

  let step = channels;
  let pitch = 2u * params.width * channels;
  let at = 2u * row * pitch + 2u * w * step + c;
  dx[i] = (dy[at] + dy[at + step]) + (dy[at + pitch] + dy[at + pitch + step]);
}
