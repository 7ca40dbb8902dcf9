// lightness_luma: the luminance of a pixel's BT.601 gray, as a gray picture would have it, towards 0.3 G + 0.7 B and along
// a tone curve by its look. Written as differences from green, so that grays are exact.

fn luminance(c: vec3f, look: u32) -> f32 {
  let blue = unpack4x8unorm(look).x;
  let grey = c.g + 0.299 * (1.0 - blue) * (c.r - c.g) + mix(0.114, 0.7, blue) * (c.b - c.g);
  return linear(vec3f(toned(grey, look))).x;
}
