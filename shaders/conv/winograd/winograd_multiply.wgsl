// winograd_multiply: y[p] = a[p]^T b[p] for all products p, in parts: y[s, p, r, c] = sum over the i of part s of
// a[p, i, r] * b[p, i, c]; added to y in the variant 'add'.
// A workgroup computes 64 rows x 64 columns, a thread 8 x 8 of them in registers. Stretches of 8 inner rows of a and b go
// through workgroup memory.
// Layout: a [product][inner][row] with the rows padded to whole vec4s; b [product][inner][column]; y [part][product][row]
// [column].

override WORKGROUP: u32 = 64;
const STRETCH = 8u; // inner rows in workgroup memory
const SIDE = 16u; // vec4s of the 64 rows, and of the 64 columns

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

var<workgroup> a_part: array<vec4f, STRETCH * SIDE>;
var<workgroup> b_part: array<vec4f, STRETCH * SIDE>;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
  let row_vectors = (params.rows + 3) / 4;
  let column_vectors = params.columns / 4;
  let product = group.z % params.products;
  let split = group.z / params.products;
  let begin = split * params.split_length;
  let end = min(begin + params.split_length, params.inner);
  let a_column = group.x * SIDE + local % SIDE;
  let b_column = group.y * SIDE + local % SIDE;
  let a_inside = a_column < row_vectors;
  let b_inside = b_column < column_vectors;
  // The thread's rows and columns are two vec4s, half a tile apart: neighboring threads read neighboring vec4s.
  let r = local / 8;
  let c = local % 8;

  var sum: array<mat4x4f, 4>; // columns are rows of y: [half of the rows * 2 + half of the columns]
  for (var i = begin; i < end; i += STRETCH) {
    for (var k = local / SIDE; k < STRETCH; k += WORKGROUP / SIDE) {
      let inside = i + k < end;
      let line = product * params.inner + min(i + k, end - 1);
      a_part[k * SIDE + local % SIDE] = select(vec4f(), a[line * row_vectors + a_column], inside && a_inside);
      b_part[k * SIDE + local % SIDE] = select(vec4f(), b[line * column_vectors + b_column], inside && b_inside);
    }
    workgroupBarrier();
    for (var k = 0u; k < STRETCH; k++) {
      let a0 = a_part[k * SIDE + r];
      let a1 = a_part[k * SIDE + 8 + r];
      let b0 = b_part[k * SIDE + c];
      let b1 = b_part[k * SIDE + 8 + c];
      sum[0] += outer(b0, a0);
      sum[1] += outer(b1, a0);
      sum[2] += outer(b0, a1);
      sum[3] += outer(b1, a1);
    }
    workgroupBarrier();
  }
  let start = (split * params.products + product) * params.rows;
  for (var half = 0u; half < 2; half++) {
    for (var j = 0u; j < 4; j++) {
      let row = (group.x * SIDE + half * 8 + r) * 4 + j;
      for (var side = 0u; side < 2; side++) {
        let column = group.y * SIDE + side * 8 + c;
        if (row < params.rows && column < column_vectors) {
          store((start + row) * column_vectors + column, sum[half * 2 + side][j]);
        }
      }
    }
  }
}

// The variants append:
//   store(at, value)      overwrites y[at], or adds to it
