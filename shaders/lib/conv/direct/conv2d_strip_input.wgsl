// conv2d_strip_input: one vec4 of channels of the four inputs that a tap reads; a column each, zeros past the picture.

fn input_at(tap: Tap, c: u32) -> mat4x4f {
  let at = tap.start + i32(c);
  return mat4x4f(
    select(vec4f(), x[at.x], tap.inside.x),
    select(vec4f(), x[at.y], tap.inside.y),
    select(vec4f(), x[at.z], tap.inside.z),
    select(vec4f(), x[at.w], tap.inside.w),
  );
}
