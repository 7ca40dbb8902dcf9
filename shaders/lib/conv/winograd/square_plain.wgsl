// square_plain: square_queue.wgsl as plain arrays, rows and columns spelled out: no compiler has to unroll a loop to keep them
// in registers. For GPUs.
// Needs:  DOWN, ACROSS, its rows and columns, 2 to 6; Channels; Unit, row_of, write_column: see square_queue.wgsl.

alias Square = array<array<Channels, ACROSS>, DOWN>;

fn transform_square(unit: Unit) {
  var square: Square;
  square[0] = row_of(unit, 0);
  square[1] = row_of(unit, 1);
  // An index must be inside its array where it is not reached, too.
  if (DOWN > 2) { square[min(2, DOWN - 1)] = row_of(unit, 2); }
  if (DOWN > 3) { square[min(3, DOWN - 1)] = row_of(unit, 3); }
  if (DOWN > 4) {
    square[min(4, DOWN - 1)] = row_of(unit, 4);
    square[min(5, DOWN - 1)] = row_of(unit, 5);
  }
  write_column(unit, 0, column_of(&square, 0));
  write_column(unit, 1, column_of(&square, 1));
  if (ACROSS > 2) { write_column(unit, 2, column_of(&square, 2)); }
  if (ACROSS > 3) { write_column(unit, 3, column_of(&square, 3)); }
  if (ACROSS > 4) {
    write_column(unit, 4, column_of(&square, 4));
    write_column(unit, 5, column_of(&square, 5));
  }
}

fn column_of(square: ptr<function, Square>, j: u32) -> array<Channels, DOWN> {
  var column: array<Channels, DOWN>;
  for (var i = 0u; i < DOWN; i++) { column[i] = (*square)[i][j]; }
  return column;
}
