enable subgroups;
// winograd_product_subgroup: winograd_multiply_subgroup and winograd_output in one: a thread computes the products of 4
// tiles in 32 channels at all points, leaves them in `m`, and goes on with its own to the outputs of these tiles.
// Layout: V [point][in][tile] with the tiles padded to whole vec4s; U [point][in][out]; M [point][tile][out]; y and
// residual NHWC.

override WORKGROUP: u32 = 8;
const VECTORS = 8u; // vec4s of output channels per thread: one per lane

struct Params {
  in_channels: u32,
  out_height: u32,
  out_width: u32,
  out_stride: u32, // vec4s from pixel to pixel, and where the channels begin: y may be a part of something wider
  out_first: u32,
  vectors: u32, // output channels / 4
  images: u32,
  tiles_y: u32, // tiles of an image
  tiles_x: u32,
  tile_first: u32, // the tiles of this dispatch, counted through the whole batch
  tiles: u32,
  bias: u32, // 0 none, 1 per channel, 2 per image and channel
  residual: u32, // 1: added before the activation
  points: u32, // POINTS
}

@group(0) @binding(0) var<storage, read> v: array<vec4f>;
@group(0) @binding(1) var<storage, read> u: array<vec4f>;
@group(0) @binding(2) var<storage, read> bias: array<vec4f>;
@group(0) @binding(3) var<storage, read> residual: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> m: array<vec4f>;
@group(0) @binding(5) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(6) var<uniform> params: Params;

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_index) local: u32,
  @builtin(subgroup_invocation_id) lane: u32,
) {
  let unit = group.x * WORKGROUP + local;
  let first = group.y * VECTORS;
  for (var point = 0u; point < params.points * params.points; point++) { multiply(point, unit, first, lane); }
  for (var i = 0u; i < VECTORS * 4; i++) {
    let tile = unit * 4 + i / VECTORS;
    let vector = first + i % VECTORS;
    if (tile < params.tiles && vector < params.vectors) { write_tile(tile, vector); }
  }
}

fn multiply(point: u32, unit: u32, first: u32, lane: u32) {
  let tile_vectors = (params.tiles + 3) / 4;
  // Threads past the end repeat the last tiles, and store nothing: all lanes are needed to hand u round.
  var at_v = point * params.in_channels * tile_vectors + min(unit, tile_vectors - 1);
  var at_u = point * params.in_channels * params.vectors + min(first + lane % VECTORS, params.vectors - 1);
  var sum = array<mat4x4f, VECTORS>(); // columns are tiles
  for (var c = 0u; c < params.in_channels; c++) {
    add_outer(&sum, u[at_u], v[at_v]);
    at_v += tile_vectors;
    at_u += params.vectors;
  }
  for (var j = 0u; j < VECTORS; j++) {
    for (var r = 0u; r < 4; r++) {
      let tile = unit * 4 + r;
      if (tile < params.tiles && first + j < params.vectors) {
        m[(point * params.tiles + tile) * params.vectors + first + j] = sum[j][r];
      }
    }
  }
}

// The variants append:
//   OUTPUTS, POINTS, output_transform(values)   A^T, from the points of a tile to its outputs
//   activate(v) -> vec4f
