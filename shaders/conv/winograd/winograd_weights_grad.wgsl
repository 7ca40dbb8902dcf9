// winograd_weights_grad: dw[:, :, in, out] = G^T (sum over s of dU[s, :, in, out]) G, the transpose of winograd_weights'
// transform; the parts s are added in their order. One thread per input channel and 4 output channels.
// Layout: dU [part][point][in][out]; dw HWIO.

override WORKGROUP: u32 = 64;

struct Params {
  in_channels: u32,
  out_vectors: u32, // output channels / 4
  splits: u32,
  points: u32, // POINTS
}

@group(0) @binding(0) var<storage, read> du: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> dw: array<vec4f>;
@group(0) @binding(2) var<uniform> params: Params;

const DOWN = POINTS;
const ACROSS = 3u;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let unit = gid.x + gid.y * groups.x * WORKGROUP;
  let size = params.in_channels * params.out_vectors;
  if (unit >= size) { return; }

  transform_square(Unit(unit, size));
}

// 4 of the weights from one channel to another.
struct Unit {
  at: u32, // in dU, and the elements of one of its points
  size: u32,
}

fn row_of(unit: Unit, i: u32) -> array<Channels, ACROSS> {
  // The zeros are spelled out: on lavapipe a mere declaration keeps what the last turn of the loop left.
  var values = array<Channels, POINTS>();
  for (var s = 0u; s < params.splits; s++) {
    for (var j = 0u; j < POINTS; j++) { values[j] += du[((s * POINTS + i) * POINTS + j) * unit.size + unit.at]; }
  }
  return weight_grad_transform(values);
}

fn write_column(unit: Unit, x: u32, column: array<Channels, DOWN>) {
  let result = weight_grad_transform(column);
  for (var y = 0u; y < 3; y++) { dw[(y * 3 + x) * unit.size + unit.at] = result[y]; }
}

// The variants append:
//   POINTS, weight_grad_transform(values)   G^T, from the gradients of a tile's points to those of three weights
//   Channels                                4 channels: see lib/channels_4.wgsl
//   transform_square(unit)                  see lib/square_queue.wgsl
