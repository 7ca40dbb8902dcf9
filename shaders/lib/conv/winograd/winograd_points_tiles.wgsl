// winograd_points_tiles: V [point][tile][channel], for winograd_input.

alias V = Channels;

fn store(point: u32, tile: u32, part: u32, value: Channels) {
  v[(point * params.tiles + tile) * params.vectors * PARTS + part] = value;
}
