// matmul_a_scalar: number by number, where 4 does not divide `inner`.

alias A = f32;

fn a_at(line: u32, k: u32) -> vec4f {
  let terms = 4u * k + vec4u(0u, 1u, 2u, 3u);
  let i = line * params.inner + min(terms, vec4u(params.inner - 1u));
  return select(vec4f(), vec4f(a[i.x], a[i.y], a[i.z], a[i.w]), terms < vec4u(params.inner));
}
