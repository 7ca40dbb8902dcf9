// lab: the two curves on the way from sRGB to CIE L*a*b* (1976).

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
