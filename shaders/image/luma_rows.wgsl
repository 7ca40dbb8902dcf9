// luma_rows: y[i, x] = sum over rows j of weight(i, j) * luma(pixels[j, x]) / sum of weights, in 0..1.
//
// The first half of a resize: rows from `height` to `size`; extractor_input does the columns. Triangle filter, as wide as an
// output row's share of the input when shrinking (antialiased), one input row when enlarging (bilinear); half-pixel centers.
// Luma is BT.601 of gamma-coded sRGB, laid over white where alpha is below 1.
// Layout: pixels [height, width], RGBA8 with R in the lowest byte   y [size, width]

override WORKGROUP: u32 = 256;

struct Params {
  height: u32,
  width: u32,
  size: u32,
}

@group(0) @binding(0) var<storage, read> pixels: array<u32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

// Written as differences from green and from white, so that greys and white are exact.
fn luma(c: vec4f) -> f32 {
  let grey = c.g + 0.299 * (c.r - c.g) + 0.114 * (c.b - c.g);
  return 1.0 + (grey - 1.0) * c.a;
}

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(global_invocation_id) gid: vec3u,
  @builtin(num_workgroups) groups: vec3u,
) {
  let index = gid.x + gid.y * groups.x * WORKGROUP;
  if (index >= params.size * params.width) { return; }
  let x = index % params.width;
  // In integers, all distances multiplied by 2 * size: float32 would lose digits of center - j.
  let size = i32(params.size);
  let height = i32(params.height);
  let center = (2 * i32(index / params.width) + 1) * height - size;
  let reach = 2 * max(height, size);
  let first = select((center - reach) / (2 * size) + 1, 0, center < reach);
  let last = min((center + reach - 1) / (2 * size), height - 1);
  var sum = 0.0;
  var total = 0.0;
  for (var j = first; j <= last; j++) {
    let weight = f32(reach - abs(2 * size * j - center));
    sum += weight * luma(unpack4x8unorm(pixels[u32(j) * params.width + x]));
    total += weight;
  }
  y[index] = sum / total;
}
