// conv_products_depthwise: each channel by itself, four at a time, for conv_direct.

alias X = vec4f;

fn products(pixels: vec4u, inside: vec4<bool>, tap: u32, element: u32) -> Strip {
  let elements = params.groups / 4u;
  let start = pixels * elements + element;
  let weights = w[tap * elements + element];
  return mat4x4f(
    select(vec4f(), x[start.x], inside.x) * weights,
    select(vec4f(), x[start.y], inside.y) * weights,
    select(vec4f(), x[start.z], inside.z) * weights,
    select(vec4f(), x[start.w], inside.w) * weights,
  );
}
