// elementwise: stores a value for each element of a tensor, four elements a thread.
//
// The last vec4 may reach past the tensor: what lies there stays as it is.
// Needs: count(), the elements; value_at(i), the new value of vec4 i; old_at(i) and store(i, value), the tensor's vec4 i.

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(global_invocation_id) gid: vec3u,
  @builtin(num_workgroups) groups: vec3u,
) {
  let i = gid.x + gid.y * groups.x * WORKGROUP;
  let first = 4u * i;
  if (first >= count()) { return; }
  var value = value_at(i);
  if (first + 4u > count()) {
    value = select(old_at(i), value, first + vec4u(0u, 1u, 2u, 3u) < vec4u(count()));
  }
  store(i, value);
}
