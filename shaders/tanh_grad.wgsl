// tanh_grad: dx[i] = dy[i] * (1 - y[i]^2).   All [count], four elements a thread.
// y is tanh's output. (1 - y) * (1 + y) keeps its digits where y is close to 1.

override WORKGROUP: u32 = 256;

struct Params {
  count: u32,
}

@group(0) @binding(0) var<storage, read> y: array<vec4f>;
@group(0) @binding(1) var<storage, read> dy: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> dx: array<vec4f>;
@group(0) @binding(3) var<uniform> params: Params;

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(global_invocation_id) gid: vec3u,
  @builtin(num_workgroups) groups: vec3u,
) {
  let i = gid.x + gid.y * groups.x * WORKGROUP;
  let first = 4u * i;
  if (first >= params.count) { return; }
  var value = dy[i] * (1.0 - y[i]) * (1.0 + y[i]);
  // The last vec4 may reach past the tensor: what lies there stays as it is.
  if (first + 4u > params.count) {
    value = select(dx[i], value, first + vec4u(0u, 1u, 2u, 3u) < vec4u(params.count));
  }
  dx[i] = value;
}
