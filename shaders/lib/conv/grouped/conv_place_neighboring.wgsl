// conv_place_neighboring: neighboring threads have neighboring channels, so that they read and write whole stretches of
// memory.

fn place_of(group: vec3u, groups: vec3u, local: u32) -> Place {
  let unit = (group.x + group.y * groups.x) * WORKGROUP + local;
  let elements = params.groups * params.group_out / WIDTH;
  return Place(unit % elements, unit / elements);
}
