// conv_place_shared: a workgroup shares its channels, so that it reads the same weights.

fn place_of(group: vec3u, groups: vec3u, local: u32) -> Place {
  return Place(group.y, (group.x + group.z * groups.x) * WORKGROUP + local);
}
