// chroma_classes: how a true color is shared between classes, which are bins of chroma.
//
// It is shared between the four bins around it by its distance to them, so that the mean of its shares is the color
// itself; beyond the outermost centers it takes the edge.
// Layout: chroma [pixels, 2]; classes [side, side], by a* and b*
// Needs:  side, bins_per_unit in params.

fn place_of(pixel: u32) -> vec2f {
  let last = f32(params.side - 1u);
  return clamp(params.bins_per_unit * chroma[pixel] + 0.5 * last, vec2f(0.0), vec2f(last));
}

fn share_of(class_index: u32, place: vec2f) -> f32 {
  let bin = vec2f(vec2u(class_index / params.side, class_index % params.side));
  let near = max(1.0 - abs(place - bin), vec2f(0.0));
  return near.x * near.y;
}
