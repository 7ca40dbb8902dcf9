// products_of_1: products_of_4.wgsl, one input channel a turn: a thread holds the weights of one, and loads x number by
// number. For Intel, where a thread has 128 registers: with 64 sums, products_of_4 does not fit.
// Needs:  x_tile, w_tile, Sums of conv2d_gemm.wgsl.

const TURNS = DEPTH; // in a step

fn multiply(sum: ptr<function, Sums>, index: u32, local: u32) {
  // What a function is given could be any number, unless it says otherwise: then indices are not checked.
  let turn = index % TURNS;
  let lane_x = local % COLUMNS;
  let lane_y = local / COLUMNS % ROWS;
  var w: array<vec4f, VECTORS>;
  for (var j = 0u; j < VECTORS; j++) { w[j] = vec4f(w_tile[turn * TILE_VECTORS + lane_x + j * COLUMNS]); }
  for (var i = 0u; i < 4 * QUADS; i++) {
    let p = f32(x_tile[(lane_y + i * ROWS) * X_ROW + turn / 4][turn % 4]);
    for (var j = 0u; j < VECTORS; j++) { (*sum)[i * VECTORS + j] += p * w[j]; }
  }
}
