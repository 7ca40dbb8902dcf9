enable subgroups;
// winograd_multiply_subgroup: winograd_multiply for devices whose subgroups have exactly 8 lanes (see there for the
// formula). A thread computes 4 rows x 32 columns. The 8 lanes of a subgroup share their columns, so each lane loads an
// eighth of b, one vec4, and the subgroup hands it round: lavapipe is limited by loads. One step of the inner axis at a
// time: with two, lavapipe is faster or slower by how other lines are put, with four it is slower.

override WORKGROUP: u32 = 8;
const VECTORS = 8u; // vec4s of columns per thread: one per lane

struct Params {
  products: u32, // matrices to multiply
  rows: u32,
  inner: u32,
  columns: u32, // a multiple of 4
  splits: u32, // parts of the inner axis, and the length of each
  split_length: u32,
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
  for (var i = begin; i < end; i++) {
    add_outer(&sum, b[at_b], a[at_a]);
    at_a += row_vectors;
    at_b += column_vectors;
  }
  let start = (split * params.products + product) * params.rows;
  for (var j = 0u; j < VECTORS; j++) {
    for (var r = 0u; r < 4; r++) {
      let row = unit * 4 + r;
      if (row < params.rows && first + j < column_vectors) {
        store((start + row) * column_vectors + first + j, sum[j][r]);
      }
    }
  }
}

// The variants append:
//   store(at, value)      overwrites y[at], or adds to it
