// crop: what output pixels show of pictures of which each is cut by a window of its own.
// Layout: pixels [images, source_height, source_width], RGBA8 with R in the lowest byte
//         crops [images]: top, left, mirror (0 or 1), and what the kernel makes of the fourth
// Needs:  height, width, source_height, source_width in params.

// The source pixel (R, G, B, alpha, each 0..1) that output pixel i shows. Past an edge, the edge repeats.
fn pixel_at(i: u32) -> vec4f {
  let row = i / params.width;
  let n = row / params.height;
  let window = crops[n];
  let w = i % params.width;
  let h = min(window.x + row % params.height, params.source_height - 1u);
  let column = min(window.y + select(w, params.width - 1u - w, window.z != 0u), params.source_width - 1u);
  return unpack4x8unorm(pixels[(n * params.source_height + h) * params.source_width + column]);
}
