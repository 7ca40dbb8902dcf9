enable subgroups;
// winograd_multiply_subgroup: winograd_multiply for devices whose subgroups have exactly 8 lanes (see there for the
// formula). A thread computes 4 rows x 32 columns. The 8 lanes of a subgroup share their columns, so each lane loads an
// eighth of b, one vec4, and the subgroup hands it round: lavapipe is limited by loads. Two steps of the inner axis at a
// time: with four, measured on lavapipe, the loop is slower.

override WORKGROUP: u32 = 8;
const VECTORS = 8u; // vec4s of columns per thread: one per lane

struct Params {
  products: u32, // matrices to multiply
  rows: u32,
  inner: u32,
  columns: u32, // a multiple of 4
  splits: u32, // parts of the inner axis, and the length of each
  split_length: u32,
  accumulate: u32, // 1: adds to y, 0: overwrites it
}

@group(0) @binding(0) var<storage, read> a: array<vec4f>;
@group(0) @binding(1) var<storage, read> b: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(3) var<uniform> params: Params;

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_index) local: u32,
  @builtin(subgroup_invocation_id) lane: u32,
) {
  let row_vectors = (params.rows + 3) / 4;
  let column_vectors = params.columns / 4;
  let unit = group.x * WORKGROUP + local;
  let first = group.y * VECTORS;
  let product = group.z % params.products;
  let split = group.z / params.products;
  let begin = split * params.split_length;
  let end = min(begin + params.split_length, params.inner);
  // Threads past the end repeat the last rows, and store nothing: all lanes are needed to hand b round.
  var at_a = (product * params.inner + begin) * row_vectors + min(unit, row_vectors - 1);
  var at_b = (product * params.inner + begin) * column_vectors + min(first + lane % VECTORS, column_vectors - 1);

  var sum: array<mat4x4f, VECTORS>; // columns are rows of y
  for (var i = begin; i < end; i += 2) {
    let odd = i + 1 < end;
    let a0 = a[at_a];
    let a1 = select(vec4f(), a[at_a + row_vectors], odd);
    let b0 = b[at_b];
    let b1 = select(vec4f(), b[at_b + column_vectors], odd);
    sum[0] += outer(subgroupBroadcast(b0, 0), a0, subgroupBroadcast(b1, 0), a1);
    sum[1] += outer(subgroupBroadcast(b0, 1), a0, subgroupBroadcast(b1, 1), a1);
    sum[2] += outer(subgroupBroadcast(b0, 2), a0, subgroupBroadcast(b1, 2), a1);
    sum[3] += outer(subgroupBroadcast(b0, 3), a0, subgroupBroadcast(b1, 3), a1);
    sum[4] += outer(subgroupBroadcast(b0, 4), a0, subgroupBroadcast(b1, 4), a1);
    sum[5] += outer(subgroupBroadcast(b0, 5), a0, subgroupBroadcast(b1, 5), a1);
    sum[6] += outer(subgroupBroadcast(b0, 6), a0, subgroupBroadcast(b1, 6), a1);
    sum[7] += outer(subgroupBroadcast(b0, 7), a0, subgroupBroadcast(b1, 7), a1);
    at_a += 2 * row_vectors;
    at_b += 2 * column_vectors;
  }
  let start = (split * params.products + product) * params.rows;
  // Constant trip counts, so that drivers unroll these loops and keep `sum` in registers.
  for (var j = 0u; j < VECTORS; j++) {
    for (var r = 0u; r < 4; r++) {
      let row = unit * 4 + r;
      if (row < params.rows && first + j < column_vectors) {
        let at = (start + row) * column_vectors + first + j;
        y[at] = sum[j][r] + select(vec4f(), y[at], params.accumulate == 1);
      }
    }
  }
}

// b0 a0^T + b1 a1^T.
fn outer(b0: vec4f, a0: vec4f, b1: vec4f, a1: vec4f) -> mat4x4f {
  return mat4x4f(
    b0 * a0.x + b1 * a1.x,
    b0 * a0.y + b1 * a1.y,
    b0 * a0.z + b1 * a1.z,
    b0 * a0.w + b1 * a1.w,
  );
}
