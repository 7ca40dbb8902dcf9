// extractor_input: y = low + (high - low) * resized, three times: a picture's luma as a classifier takes it.
//
// The second half of a resize: columns from `width` to `size`, where luma_rows did the rows. Triangle filter, as wide as an
// output column's share of the input when shrinking (antialiased), one input column when enlarging (bilinear).
// Layout: rows [size, width], 0..1   y [size, size, 3] or [3, size, size], by variant
// Slot:   channel_of(pixel: u32, channel: u32) -> u32, supplied by src/kernels/image/extractor_input.ts.

override WORKGROUP: u32 = 256;

struct Params {
  width: u32,
  size: u32,
  mirror: u32, // 1: left and right are swapped
  low: f32, // what black becomes
  high: f32, // what white becomes
}

@group(0) @binding(0) var<storage, read> rows: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(global_invocation_id) gid: vec3u,
  @builtin(num_workgroups) groups: vec3u,
) {
  let pixel = gid.x + gid.y * groups.x * WORKGROUP;
  if (pixel >= params.size * params.size) { return; }
  let row = pixel / params.size;
  let x = pixel % params.size;
  let column = select(x, params.size - 1u - x, params.mirror != 0u);
  // In integers, all distances multiplied by 2 * size: float32 would lose digits of center - j.
  let size = i32(params.size);
  let width = i32(params.width);
  let center = (2 * i32(column) + 1) * width - size;
  let reach = 2 * max(width, size);
  let first = select((center - reach) / (2 * size) + 1, 0, center < reach);
  let last = min((center + reach - 1) / (2 * size), width - 1);
  var sum = 0.0;
  var total = 0.0;
  for (var j = first; j <= last; j++) {
    let weight = f32(reach - abs(2 * size * j - center));
    sum += weight * rows[row * params.width + u32(j)];
    total += weight;
  }
  let value = params.low + (params.high - params.low) * sum / total;
  for (var channel = 0u; channel < 3u; channel++) { y[channel_of(pixel, channel)] = value; }
}
