// is_nan: by the bits, as a comparison of floats may be compiled as if there were no NaN.

fn is_nan(v: vec4f) -> vec4<bool> {
  return (bitcast<vec4u>(v) & vec4u(0x7fffffffu)) > vec4u(0x7f800000u);
}
