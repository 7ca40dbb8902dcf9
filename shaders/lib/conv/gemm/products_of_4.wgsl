// products_of_4: adds the products of 4 input channels, the turn-th of a step, whose weights a thread holds together.
// Needs:  x_tile, w_tile, Sums of conv2d_gemm.wgsl.

const TURNS = DEPTH_VECTORS; // in a step

fn multiply(sum: ptr<function, Sums>, index: u32, local: u32) {
  // What a function is given could be any number, unless it says otherwise: then indices are not checked.
  let turn = index % TURNS;
  let lane_x = local % COLUMNS;
  let lane_y = local / COLUMNS % ROWS;
  var w: array<vec4f, 4 * VECTORS>; // [channel][output vector]
  for (var k = 0u; k < 4; k++) {
    for (var j = 0u; j < VECTORS; j++) {
      w[k * VECTORS + j] = vec4f(w_tile[(4 * turn + k) * TILE_VECTORS + lane_x + j * COLUMNS]);
    }
  }
  for (var i = 0u; i < 4 * QUADS; i++) {
    let p = vec4f(x_tile[(lane_y + i * ROWS) * X_ROW + turn]);
    for (var j = 0u; j < VECTORS; j++) {
      (*sum)[i * VECTORS + j] += p.x * w[j];
      (*sum)[i * VECTORS + j] += p.y * w[VECTORS + j];
      (*sum)[i * VECTORS + j] += p.z * w[2 * VECTORS + j];
      (*sum)[i * VECTORS + j] += p.w * w[3 * VECTORS + j];
    }
  }
}
