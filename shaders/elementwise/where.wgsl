// where: y[i] = a[i] where condition[i] is not 0, else b[i].   All [count], four elements a thread.

override WORKGROUP: u32 = 256;

struct Params {
  count: u32,
}

@group(0) @binding(0) var<storage, read> condition: array<vec4f>;
@group(0) @binding(1) var<storage, read> a: array<vec4f>;
@group(0) @binding(2) var<storage, read> b: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(4) var<uniform> params: Params;

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(global_invocation_id) gid: vec3u,
  @builtin(num_workgroups) groups: vec3u,
) {
  let i = gid.x + gid.y * groups.x * WORKGROUP;
  let first = 4u * i;
  if (first >= params.count) { return; }
  var value = select(b[i], a[i], condition[i] != vec4f());
  // The last vec4 may reach past the tensor: what lies there stays as it is.
  if (first + 4u > params.count) {
    value = select(y[i], value, first + vec4u(0u, 1u, 2u, 3u) < vec4u(params.count));
  }
  y[i] = value;
}
