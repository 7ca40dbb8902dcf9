// matmul_b_scalar: number by number, where 4 does not divide `columns`.

alias B = f32;

fn b_at(matrix: u32, term: u32, column: u32) -> vec4f {
  let line = matrix * params.inner + min(term, params.inner - 1u);
  let i = line * params.columns + min(4u * column + vec4u(0u, 1u, 2u, 3u), vec4u(params.columns - 1u));
  return select(vec4f(), vec4f(b[i.x], b[i.y], b[i.z], b[i.w]), term < params.inner);
}

fn store(line: u32, column: u32, value: vec4f) {
  for (var c = 0u; c < min(4u, params.columns - 4u * column); c++) {
    y[line * params.columns + 4u * column + c] = value[c];
  }
}
