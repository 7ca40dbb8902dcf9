// winograd_weights: U[:, in, out] = G W G^T, where W is the 3x3 weights from one channel to another, and G the transform
// of Winograd's algorithm; see lib/winograd_4.wgsl. One thread per input channel and 4 output channels.
// Layout: w HWIO; U [point][in][out]. In the variant 'turned', of a convolution's input gradient, `in` counts the output
// channels of w, `out` its input channels, and the taps go backwards.

override WORKGROUP: u32 = 256;

struct Params {
  in_channels: u32, // of U
  out_vectors: u32, // output channels / 4
  points: u32, // POINTS
}

@group(0) @binding(0) var<storage, read> w: array<Weight>;
@group(0) @binding(1) var<storage, read_write> u: array<vec4f>;
@group(0) @binding(2) var<uniform> params: Params;

const DOWN = 3u;
const ACROSS = POINTS;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = gid.x + gid.y * groups.x * WORKGROUP;
  let size = params.in_channels * params.out_vectors;
  if (i >= size) { return; }
  transform_square(Unit(i, size));
}

// 4 of the weights from one channel to another.
struct Unit {
  at: u32, // in U, and the elements of one of its points
  size: u32,
}

fn row_of(unit: Unit, y: u32) -> array<Channels, ACROSS> {
  let tap = y * 3;
  return weight_transform(weights_at(tap, unit.at), weights_at(tap + 1, unit.at), weights_at(tap + 2, unit.at));
}

fn write_column(unit: Unit, x: u32, w: array<Channels, DOWN>) {
  let column = weight_transform(w[0], w[1], w[2]);
  for (var y = 0u; y < POINTS; y++) { u[(y * POINTS + x) * unit.size + unit.at] = column[y]; }
}

// The variants append:
//   POINTS, weight_transform(w0, w1, w2)   G, from three weights to the points of a tile
//   Weight, weights_at(tap, i)             tap `tap` of the thread's 4 weights
//   transform_square(unit)   see lib/square_queue.wgsl
