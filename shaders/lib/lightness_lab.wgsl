// lightness_lab: the luminance of a pixel's color, whatever its look. Written as differences from green, so
// that grays are exact.

fn luminance(c: vec3f, look: u32) -> f32 {
  let rgb = linear(c);
  return rgb.g + 0.21263901 * (rgb.r - rgb.g) + 0.07219232 * (rgb.b - rgb.g);
}
