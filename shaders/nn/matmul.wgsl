// matmul: y[i, r, c] = sum over k of a[.., r, k] * b[.., k, c], for each matrix i of a batch with up to three axes.
//
// A thread computes 4 rows x 4 columns in registers, 4 of the sum's terms at a time; neighboring threads have
// neighboring columns. The sum is of sums of BLOCK * 4 terms, so that rounding errors stay small.
// Layout: a [.., rows, inner]   b [.., inner, columns]   y [batch_0, batch_1, batch_2, rows, columns]
// Slots:  A, a_at, B, b_at, store from src/kernels/nn/matmul.ts: whole vec4s, or single numbers where 4 does not divide.

override WORKGROUP: u32 = 64;

const BLOCK = 256u;

struct Params {
  batch_0: u32,
  batch_1: u32,
  batch_2: u32,
  a_step_0: u32, // matrices of a from one i along batch axis 0 to the next; 0 where all have the same
  a_step_1: u32,
  a_step_2: u32,
  b_step_0: u32,
  b_step_1: u32,
  b_step_2: u32,
  rows: u32,
  inner: u32,
  columns: u32,
}

@group(0) @binding(0) var<storage, read> a: array<A>;
@group(0) @binding(1) var<storage, read> b: array<B>;
@group(0) @binding(2) var<storage, read_write> y: array<B>;
@group(0) @binding(3) var<uniform> params: Params;

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(global_invocation_id) gid: vec3u,
  @builtin(num_workgroups) groups: vec3u,
) {
  let unit = gid.x + gid.y * groups.x * WORKGROUP;
  let across = (params.columns + 3u) / 4u;
  let down = (params.rows + 3u) / 4u;
  let column = unit % across; // of vec4s
  let row = unit / across % down * 4u;
  let i = unit / across / down;
  if (i >= params.batch_0 * params.batch_1 * params.batch_2) { return; }
  let at = vec3u(i / params.batch_2 / params.batch_1, i / params.batch_2 % params.batch_1, i % params.batch_2);
  let of_a = at.x * params.a_step_0 + at.y * params.a_step_1 + at.z * params.a_step_2;
  let of_b = at.x * params.b_step_0 + at.y * params.b_step_1 + at.z * params.b_step_2;

  // Rows past the last repeat it, and are not stored.
  let lines = of_a * params.rows + min(row + vec4u(0u, 1u, 2u, 3u), vec4u(params.rows - 1u));
  let terms = (params.inner + 3u) / 4u;
  var sum = mat4x4f(); // columns are rows of y
  for (var begin = 0u; begin < terms; begin += BLOCK) {
    var block = mat4x4f();
    for (var k = begin; k < min(begin + BLOCK, terms); k++) {
      let left = mat4x4f(a_at(lines.x, k), a_at(lines.y, k), a_at(lines.z, k), a_at(lines.w, k));
      let right = mat4x4f(
        b_at(of_b, 4u * k, column),
        b_at(of_b, 4u * k + 1u, column),
        b_at(of_b, 4u * k + 2u, column),
        b_at(of_b, 4u * k + 3u, column),
      );
      block += right * left;
    }
    sum += block;
  }
  for (var r = 0u; r < 4u; r++) {
    if (row + r < params.rows) { store(i * params.rows + row + r, column, sum[r]); }
  }
}

// The variants append:
//   A, a_at(line, k) -> vec4f              terms 4k to 4k + 3 of a row; zero past the last
//   B, b_at(matrix, term, column) -> vec4f columns 4c to 4c + 3 of one term; zero past the last term
//   store(line, column, value)             columns 4c to 4c + 3 of a row of y
