// turns_loop: a step's multiplication as a loop.
// Needs:  TURNS; Sums; multiply(&sum, turn, local).

fn multiply_step(sum: ptr<function, Sums>, local: u32) {
  for (var turn = 0u; turn < TURNS; turn++) { multiply(sum, turn, local); }
}
