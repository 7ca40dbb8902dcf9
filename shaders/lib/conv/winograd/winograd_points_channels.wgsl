// winograd_points_channels: V [point][channel][tile], for winograd_input; the tiles are padded to whole vec4s.

alias V = f32;

fn store(point: u32, tile: u32, vector: u32, value: vec4f) {
  let stride = (params.tiles + 3) / 4 * 4;
  let at = (point * params.vectors + vector) * 4 * stride + tile;
  v[at] = value.x;
  v[at + stride] = value.y;
  v[at + 2 * stride] = value.z;
  v[at + 3 * stride] = value.w;
}
