// lrn: y[p, c] = x[p, c] / (bias + alpha / size * the sum of x[p, i]^2 over the channels i around c)^beta.
//
// Local response normalization. The channels reach from c - before to c + after, as far as there are any. One thread
// per element.
// Layout: x, y [pixels, channels]

override WORKGROUP: u32 = 256;

struct Params {
  pixels: u32,
  channels: u32,
  before: u32,
  after: u32,
  scale: f32, // alpha / size
  beta: f32,
  bias: f32,
}

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(global_invocation_id) gid: vec3u,
  @builtin(num_workgroups) groups: vec3u,
) {
  let i = gid.x + gid.y * groups.x * WORKGROUP;
  if (i >= params.pixels * params.channels) { return; }
  let c = i % params.channels;
  let low = i - min(params.before, c);
  let high = i + min(params.after, params.channels - 1u - c);
  var squares = 0.0;
  for (var j = low; j <= high; j++) { squares += x[j] * x[j]; }
  y[i] = x[i] / pow(params.bias + params.scale * squares, params.beta);
}
