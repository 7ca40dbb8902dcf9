// products_turned: adds the products of one input channel a turn; x lies by channels in workgroup memory, so that a thread
// loads 4 of its pixels at once, and holds fewer operands: with 64 sums, those of products_of_4 do not fit on Intel, where a
// thread has 128 registers, and on AMD a third fewer threads do.
// Needs:  w_tile, Sums of conv2d_gemm.wgsl; TOGETHER of turns_loop.wgsl.

const TURNS = DEPTH; // in a step
const X_ROW = TILE_PIXELS + 4; // more, so that neighboring vec4s of channels lie in other banks

var<workgroup> x_tile: array<Number, DEPTH * X_ROW>; // [channel][pixel]

fn store_x(pixel: u32, vector: u32, value: vec4f) {
  let at = min(4 * vector * X_ROW + pixel, (DEPTH - 3) * X_ROW - 1);
  x_tile[at] = Number(value.x);
  x_tile[at + X_ROW] = Number(value.y);
  x_tile[at + 2 * X_ROW] = Number(value.z);
  x_tile[at + 3 * X_ROW] = Number(value.w);
}

// The i-th pixel of a thread.
fn pixel_of(lane_y: u32, i: u32) -> u32 { return 4 * (lane_y + i / 4 * ROWS) + i % 4; }

fn multiply(sum: ptr<function, Sums>, part: u32, local: u32) {
  // What a function is given could be any number, unless it says otherwise: then indices are not checked.
  let first = min(part, TURNS / TOGETHER - 1) * TOGETHER;
  let lane_x = local % COLUMNS;
  let pixel = local / COLUMNS % ROWS * 4;
  for (var t = 0u; t < TOGETHER; t++) {
    let turn = first + t;
    var w: array<vec4f, VECTORS>;
    for (var j = 0u; j < VECTORS; j++) { w[j] = vec4f(w_tile[turn * TILE_VECTORS + lane_x + j * COLUMNS]); }
    for (var i = 0u; i < QUADS; i++) {
      let at = turn * X_ROW + pixel + i * 4 * ROWS;
      let p = vec4f(vec4<Number>(x_tile[at], x_tile[at + 1], x_tile[at + 2], x_tile[at + 3]));
      for (var j = 0u; j < VECTORS; j++) {
        (*sum)[(4 * i + 0) * VECTORS + j] += p.x * w[j];
        (*sum)[(4 * i + 1) * VECTORS + j] += p.y * w[j];
        (*sum)[(4 * i + 2) * VECTORS + j] += p.z * w[j];
        (*sum)[(4 * i + 3) * VECTORS + j] += p.w * w[j];
      }
    }
  }
}
