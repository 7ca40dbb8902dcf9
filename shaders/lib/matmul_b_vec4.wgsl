// matmul_b_vec4: whole vec4s, where 4 divides `columns`.

alias B = vec4f;

fn b_at(matrix: u32, term: u32, column: u32) -> vec4f {
  let line = matrix * params.inner + min(term, params.inner - 1u);
  return select(vec4f(), b[line * (params.columns / 4u) + column], term < params.inner);
}

fn store(line: u32, column: u32, value: vec4f) { y[line * (params.columns / 4u) + column] = value; }
