// lab: between sRGB and CIE L*a*b* (1976, D65). X, Y, Z are relative to those of RGB white.

// Linear light of sRGB values (IEC 61966-2-1).
fn linear(c: vec3f) -> vec3f {
  let curve = pow((max(c, vec3f(0.04045)) + 0.055) / 1.055, vec3f(2.4));
  return select(c / 12.92, curve, c > vec3f(0.04045));
}

// CIE's f: the cube root, with a straight line below (6/29)^3. pow is good to some 1e-6: 1e-3 in L*, a*, b* at worst.
fn f(t: vec3f) -> vec3f {
  let edge = vec3f((6.0 / 29.0) * (6.0 / 29.0) * (6.0 / 29.0));
  let root = pow(max(t, edge), vec3f(1.0 / 3.0));
  return select(t / (3.0 * (6.0 / 29.0) * (6.0 / 29.0)) + 4.0 / 29.0, root, t > edge);
}

// The matrix of sRGB's primaries and white (x 0.3127, y 0.3290), each row divided by its sum: the coefficient of green
// is 1 minus the others. Written as differences from green, greys get exactly a* = b* = 0, however the driver rounds.
fn xyz(rgb: vec3f) -> vec3f {
  let red = vec3f(0.43388735, 0.21263901, 0.01775004);
  let blue = vec3f(0.18988865, 0.07219232, 0.87280234);
  return rgb.g + red * (rgb.r - rgb.g) + blue * (rgb.b - rgb.g);
}

// The inverse of CIE's f: the cube, with a straight line below 6/29.
fn f_inverse(t: vec3f) -> vec3f {
  return select(3.0 * (6.0 / 29.0) * (6.0 / 29.0) * (t - 4.0 / 29.0), t * t * t, t > vec3f(6.0 / 29.0));
}

// The inverse of that matrix. Its rows sum to 1 too, so that the coefficient of Y is 1 minus the others; written as
// differences from Y, a* = b* = 0 gives exact greys.
fn rgb(xyz: vec3f) -> vec3f {
  let x = vec3f(3.0803991, -0.92122336, 0.05287394);
  let z = vec3f(-0.54301591, 0.04525586, 1.15110302);
  return xyz.y + x * (xyz.x - xyz.y) + z * (xyz.z - xyz.y);
}

// sRGB values of linear light (IEC 61966-2-1).
fn srgb(linear: vec3f) -> vec3f {
  let c = clamp(linear, vec3f(0.0), vec3f(1.0));
  let curve = 1.055 * pow(max(c, vec3f(0.0031308)), vec3f(1.0 / 2.4)) - 0.055;
  return select(12.92 * c, curve, c > vec3f(0.0031308));
}
