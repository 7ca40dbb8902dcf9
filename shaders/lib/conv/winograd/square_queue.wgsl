// square_queue: transforms a square row by row, then column by column. What lies between is a queue: for constant indices in
// loops that are not unrolled, so that software drivers keep it in registers. They unroll no loop whose length is a
// parameter; unrolled, lavapipe needs ten seconds to compile the loads and stores.
// Needs:  DOWN, ACROSS, its rows and columns; Channels; POINTS, and as many in params.points; Unit, what a thread computes;
//         row_of(unit, i), a row transformed; write_column(unit, j, column), which transforms and stores a column.

fn transform_square(unit: Unit) {
  var square: array<array<Channels, ACROSS>, DOWN>;
  for (var i = 0u; i < params.points - POINTS + DOWN; i++) {
    let row = row_of(unit, i);
    for (var k = 1u; k < DOWN; k++) { square[k - 1] = square[k]; }
    square[DOWN - 1] = row;
  }
  for (var j = 0u; j < params.points - POINTS + ACROSS; j++) {
    var column: array<Channels, DOWN>;
    for (var i = 0u; i < DOWN; i++) {
      column[i] = square[i][0];
      for (var k = 1u; k < ACROSS; k++) { square[i][k - 1] = square[i][k]; }
    }
    write_column(unit, j, column);
  }
}
