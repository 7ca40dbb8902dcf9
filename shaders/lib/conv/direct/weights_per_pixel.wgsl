// weights_per_pixel: each pixel is weighted by itself, all of its channels alike.

fn weights_of(elements: vec4u) -> vec4f {
  let pixel = elements / params.channels;
  return vec4f(weight[pixel.x], weight[pixel.y], weight[pixel.z], weight[pixel.w]);
}
