// winograd_output: y = activation(A^T M A + bias + residual), where M is the products of a tile, and A^T the transform of
// Winograd's algorithm; see lib/winograd_4.wgsl. One thread per tile of OUTPUTS x OUTPUTS outputs and 4 or 2 channels.
// Layout: M [point][tile][channel]; y and residual NHWC.

override WORKGROUP: u32 = 64;

struct Params {
  out_height: u32,
  out_width: u32,
  out_stride: u32, // vec4s from pixel to pixel, and where the channels begin: y may be a part of something wider
  out_first: u32,
  vectors: u32, // channels / 4
  images: u32,
  tiles_y: u32, // tiles of an image
  tiles_x: u32,
  tile_first: u32, // the tiles of this dispatch, counted through the whole batch
  tiles: u32,
  bias: u32, // 0 none, 1 per channel, 2 per image and channel
  residual: u32, // 1: added before the activation
  points: u32, // POINTS
}

@group(0) @binding(0) var<storage, read> m: array<Channels>;
@group(0) @binding(1) var<storage, read> bias: array<Channels>;
@group(0) @binding(2) var<storage, read> residual: array<Channels>;
@group(0) @binding(3) var<storage, read_write> y: array<Channels>;
@group(0) @binding(4) var<uniform> params: Params;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let unit = gid.x + gid.y * groups.x * WORKGROUP;
  let parts = params.vectors * PARTS;
  if (unit >= params.tiles * parts) { return; }
  write_tile(unit / parts, unit % parts);
}

// The variants append:
//   OUTPUTS, POINTS, output_transform(values)   A^T, from the points of a tile to its outputs
//   activate(v) -> vec4f
//   Channels, PARTS       the channels of a thread, and how many such there are in 4: see lib/channels_4.wgsl
//   transform_square(unit)   see lib/square_queue.wgsl
