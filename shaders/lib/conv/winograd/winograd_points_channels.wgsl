// winograd_points_channels: V [point][channel][tile], for winograd_input; the tiles are padded to whole vec4s.

alias V = f32;

fn store(point: u32, tile: u32, part: u32, value: Channels) {
  let stride = (params.tiles + 3) / 4 * 4;
  let at = (point * params.vectors * PARTS + part) * (4 / PARTS) * stride + tile;
  let all = widened(value);
  v[at] = all.x;
  v[at + stride] = all.y;
  if (PARTS == 1) {
    v[at + 2 * stride] = all.z;
    v[at + 3 * stride] = all.w;
  }
}
