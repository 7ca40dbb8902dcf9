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
const APART = WORKGROUP / SIDE; // inner rows between a thread's loads
const TURNS = STRETCH; // of the multiplication in a stretch
const ENDLESS = 0xffffffffu; // Tint counts the turns of every loop whose bound is not a constant

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
  let product = group.z % params.products;
  let begin = group.z / params.products * params.split_length;
  let length = min(params.split_length, params.inner - min(begin, params.inner));
  let stretches = (length + STRETCH - 1) / STRETCH;

  // What this thread fetches: every APART-th inner row of the part, of one vec4 of a and one of b. What lies beyond their
  // sides is not stored, and may be anything.
  let strides = vec2u((params.rows + 3) / 4, params.columns / 4);
  let first = local / SIDE;
  let left = length - min(first, length);
  var at = (product * params.inner + begin + first) * strides + min(group.xy * SIDE + local % SIDE, strides - 1);

  var sum: Sums;
  var fetched = fetch(at, strides, left, 0);
  for (var s = 0u; s < ENDLESS; s++) {
    if (s >= stretches) { break; }
    workgroupBarrier();
    for (var l = 0u; l < LOADS; l++) {
      let inside = s * STRETCH + l * APART < left;
      a_part[local + l * WORKGROUP] = value_of(fetched.a[l], inside);
      b_part[local + l * WORKGROUP] = value_of(fetched.b[l], inside);
    }
    workgroupBarrier();
    at += STRETCH * strides;
    // Past the end nothing is fetched: the last stretch is only multiplied.
    fetched = fetch(at, strides, left, s + 1);
    multiply_step(&sum, local);
  }

  // The thread's rows and columns are two vec4s, half a tile apart: neighboring threads read neighboring vec4s.
  let column_vectors = params.columns / 4;
  for (var half = 0u; half < 2; half++) {
    for (var j = 0u; j < 4; j++) {
      let row = (group.x * SIDE + half * 8 + local / 8) * 4 + j;
      for (var side = 0u; side < 2; side++) {
        let column = group.y * SIDE + side * 8 + local % 8;
        if (row < params.rows && column < column_vectors) {
          store((group.z * params.rows + row) * column_vectors + column, sum[half * 2 + side][j]);
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

// Stretch s, whose first vec4s of this thread are `at`, of `left` inner rows from the thread's first one on.
fn fetch(at: vec2u, strides: vec2u, left: u32, s: u32) -> Factors {
  var fetched: Factors;
  for (var l = 0u; l < LOADS; l++) {
    let inside = s * STRETCH + l * APART < left;
    let place = select(vec2u(), at + l * APART * strides, inside);
    fetched.a[l] = fetch_left(Place(place.x, inside));
    fetched.b[l] = fetch_right(Place(place.y, inside));
  }
  return fetched;
}

fn left_at(at: u32) -> vec4f { return a[at]; }
fn right_at(at: u32) -> vec4f { return b[at]; }

// Adds the products of inner rows of a stretch: see lib/turns_loop.wgsl.
fn multiply(sum: ptr<function, Sums>, part: u32, local: u32) {
  // What a function is given could be any number, unless it says otherwise: then indices are not checked.
  let first = min(part, TURNS / TOGETHER - 1) * TOGETHER;
  let r = min(local / 8, 7);
  let c = local % 8;
  for (var t = 0u; t < TOGETHER; t++) {
    let at = (first + t) * SIDE;
    let a0 = a_part[at + r];
    let a1 = a_part[at + r + 8];
    let b0 = b_part[at + c];
    let b1 = b_part[at + c + 8];
    (*sum)[0] += outer(b0, a0);
    (*sum)[1] += outer(b1, a0);
    (*sum)[2] += outer(b0, a1);
    (*sum)[3] += outer(b1, a1);
  }
}

// The variants append:
//   store(at, value)                                                     overwrites y[at], or adds to it
//   Fetched, fetch_left(place), fetch_right(place), value_of(fetched, inside)    see lib/fetch_select.wgsl
//   multiply_step(&sum, local)                                           see lib/turns_loop.wgsl
