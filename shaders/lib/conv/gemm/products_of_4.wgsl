// products_of_4: adds the products of 4 input channels a turn, whose weights a thread holds together.
// Needs:  w_tile, Sums of conv2d_gemm.wgsl; TOGETHER of turns_loop.wgsl.

const TURNS = DEPTH_VECTORS; // in a step
const X_ROW = DEPTH_VECTORS + 1; // one more, so that neighboring pixels lie in other banks

// In whole vec4s, as they come: threads that store components of the same vec4 would race.
var<workgroup> x_tile: array<Operand, TILE_PIXELS * X_ROW>; // [pixel][channel / 4]

fn store_x(pixel: u32, vector: u32, value: vec4f) {
  x_tile[min(pixel * X_ROW + vector, TILE_PIXELS * X_ROW - 1)] = Operand(value);
}

// The i-th pixel of a thread.
fn pixel_of(lane_y: u32, i: u32) -> u32 { return lane_y + i * ROWS; }

fn multiply(sum: ptr<function, Sums>, part: u32, local: u32) {
  // What a function is given could be any number, unless it says otherwise: then indices are not checked.
  let first = min(part, TURNS / TOGETHER - 1) * TOGETHER;
  let lane_x = local % COLUMNS;
  let lane_y = local / COLUMNS % ROWS;
  for (var t = 0u; t < TOGETHER; t++) {
    let turn = first + t;
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
}
