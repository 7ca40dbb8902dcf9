// conv_products_single: one input channel at a time, for conv_direct.
// Needs: product(inputs, weights) -> Strip, for four outputs.

alias X = f32;

fn products(pixels: vec4u, inside: vec4<bool>, tap: u32, element: u32) -> Strip {
  let elements = params.groups * params.group_out / WIDTH;
  let channels = element * WIDTH / params.group_out * params.group_in;
  let start = pixels * (params.groups * params.group_in) + channels;
  var sum = Strip();
  for (var c = 0u; c < params.group_in; c++) {
    let input = select(vec4f(), vec4f(x[start.x + c], x[start.y + c], x[start.z + c], x[start.w + c]), inside);
    let weights = w[(tap * params.group_in + c) * elements + element];
    sum += product(input, weights);
  }
  return sum;
}
