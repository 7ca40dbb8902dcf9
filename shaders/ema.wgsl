// ema: average[i] += rest * (x[i] - average[i]).   All [count], four elements a thread.
// An exponential moving average: rest is 1 - decay.

override WORKGROUP: u32 = 256;

struct Params {
  count: u32,
  rest: f32,
}

@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> average: array<vec4f>;
@group(0) @binding(2) var<uniform> params: Params;

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(global_invocation_id) gid: vec3u,
  @builtin(num_workgroups) groups: vec3u,
) {
  let i = gid.x + gid.y * groups.x * WORKGROUP;
  let first = 4u * i;
  if (first >= params.count) { return; }
  var value = average[i] + params.rest * (x[i] - average[i]);
  // The last vec4 may reach past the tensor: what lies there stays as it is.
  if (first + 4u > params.count) {
    value = select(average[i], value, first + vec4u(0u, 1u, 2u, 3u) < vec4u(params.count));
  }
  average[i] = value;
}
