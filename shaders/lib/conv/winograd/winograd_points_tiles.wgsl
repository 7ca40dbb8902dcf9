// winograd_points_tiles: V [point][tile][channel], for winograd_input.

alias V = vec4f;

fn store(point: u32, tile: u32, vector: u32, value: vec4f) {
  v[(point * params.tiles + tile) * params.vectors + vector] = value;
}
