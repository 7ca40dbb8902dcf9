// conv_products_vec4: four input channels at a time, for conv_direct where 4 divides both numbers of channels.

alias X = vec4f;

fn products(pixels: vec4u, inside: vec4<bool>, tap: u32, element: u32) -> Strip {
  let elements = params.groups * params.group_out / 4u;
  let vectors = params.group_in / 4u;
  let start = pixels * (params.groups * vectors) + element * 4u / params.group_out * vectors;
  var sum = Strip();
  for (var c = 0u; c < vectors; c++) {
    let i = (tap * vectors + c) * 4u * elements + element;
    let weights = mat4x4f(w[i], w[i + elements], w[i + 2u * elements], w[i + 3u * elements]);
    sum += weights * mat4x4f(
      select(vec4f(), x[start.x + c], inside.x),
      select(vec4f(), x[start.y + c], inside.y),
      select(vec4f(), x[start.z + c], inside.z),
      select(vec4f(), x[start.w + c], inside.w),
    );
  }
  return sum;
}
