// winograd_multiply: y[p] = a[p]^T b[p] for all products p, in parts: y[s, p, r, c] = sum over the i of part s of
// a[p, i, r] * b[p, i, c]; added to y in the variant 'add'.
// A workgroup computes 64 rows x 64 columns, a thread 8 x 8 of them in registers. Stretches of 8 inner rows of a and b go
// through workgroup memory; the next one is fetched into registers meanwhile.
// Layout: a [product][inner][row] with the rows padded to whole vec4s; b [product][inner][column]; y [part][product][row]
// [column].

const WORKGROUP = 64u;
const STRETCH = 8u; // inner rows in workgroup memory
const SIDE = 16u; // vec4s of the 64 rows, and of the 64 columns
const LOADS = STRETCH * SIDE / WORKGROUP; // of a thread, from each factor
const TURNS = STRETCH; // of the multiplication in a stretch

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

alias Sums = array<mat4x4f, 4>; // columns are rows of y: [half of the rows * 2 + half of the columns]

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
  let column_vectors = params.columns / 4;
  let product = group.z % params.products;
  let split = group.z / params.products;
  let begin = split * params.split_length;
  let end = min(begin + params.split_length, params.inner);
  let line = product * params.inner;
  let a_column = group.x * SIDE + local % SIDE;
  let b_column = group.y * SIDE + local % SIDE;
  // The thread's rows and columns are two vec4s, half a tile apart: neighboring threads read neighboring vec4s.
  let r = local / 8;
  let c = local % 8;

  var sum: Sums;
  var fetched = fetch(line, begin + local / SIDE, a_column, b_column, end);
  for (var i = begin; i < end; i += STRETCH) {
    workgroupBarrier();
    for (var l = 0u; l < LOADS; l++) {
      a_part[local + l * WORKGROUP] = value_of(fetched.a[l]);
      b_part[local + l * WORKGROUP] = value_of(fetched.b[l]);
    }
    workgroupBarrier();
    // Past the end nothing is fetched: the last stretch is only multiplied.
    fetched = fetch(line, i + STRETCH + local / SIDE, a_column, b_column, end);
    multiply_step(&sum, local);
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

// What a thread fetches of a stretch.
struct Factors {
  a: array<Fetched, LOADS>,
  b: array<Fetched, LOADS>,
}

// The rows from `first` on that this thread fetches, of the product whose inner rows begin at `line`.
fn fetch(line: u32, first: u32, a_column: u32, b_column: u32, end: u32) -> Factors {
  let row_vectors = (params.rows + 3) / 4;
  let column_vectors = params.columns / 4;
  var fetched: Factors;
  for (var l = 0u; l < LOADS; l++) {
    let i = first + l * (WORKGROUP / SIDE);
    let a_inside = i < end && a_column < row_vectors;
    let b_inside = i < end && b_column < column_vectors;
    fetched.a[l] = fetch_left(Place(select(0, (line + i) * row_vectors + a_column, a_inside), a_inside));
    fetched.b[l] = fetch_right(Place(select(0, (line + i) * column_vectors + b_column, b_inside), b_inside));
  }
  return fetched;
}

fn left_at(at: u32) -> vec4f { return a[at]; }
fn right_at(at: u32) -> vec4f { return b[at]; }

// Adds the products of one inner row, the turn-th of a stretch.
fn multiply(sum: ptr<function, Sums>, index: u32, local: u32) {
  // What a function is given could be any number, unless it says otherwise: then indices are not checked.
  let turn = index % TURNS;
  let r = local / 8 % 8;
  let c = local % 8;
  let a0 = a_part[turn * SIDE + r];
  let a1 = a_part[turn * SIDE + 8 + r];
  let b0 = b_part[turn * SIDE + c];
  let b1 = b_part[turn * SIDE + 8 + c];
  (*sum)[0] += outer(b0, a0);
  (*sum)[1] += outer(b1, a0);
  (*sum)[2] += outer(b0, a1);
  (*sum)[3] += outer(b1, a1);
}

// The variants append:
//   store(at, value)                                                     overwrites y[at], or adds to it
//   Fetched, fetch_left(place), fetch_right(place), value_of(fetched)    see lib/fetch_select.wgsl
//   multiply_step(&sum, local)                                           see lib/turns_loop.wgsl
