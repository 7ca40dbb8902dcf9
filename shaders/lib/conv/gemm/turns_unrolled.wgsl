// turns_unrolled: a step's multiplication, spelled out: 2, 4, 8 or 16 turns. Mesa's compilers move a load down to the block
// that uses it, past a loop too; so the loads before the multiplication stay where they are.
// Needs:  TURNS; Sums; multiply(&sum, part, local), the part-th TOGETHER turns of a step.

const TOGETHER = 1u;

fn multiply_step(sum: ptr<function, Sums>, local: u32) {
  multiply(sum, 0, local);
  multiply(sum, 1, local);
  if (TURNS > 2) {
    multiply(sum, 2, local);
    multiply(sum, 3, local);
  }
  if (TURNS > 4) {
    multiply(sum, 4, local);
    multiply(sum, 5, local);
    multiply(sum, 6, local);
    multiply(sum, 7, local);
  }
  if (TURNS > 8) {
    multiply(sum, 8, local);
    multiply(sum, 9, local);
    multiply(sum, 10, local);
    multiply(sum, 11, local);
    multiply(sum, 12, local);
    multiply(sum, 13, local);
    multiply(sum, 14, local);
    multiply(sum, 15, local);
  }
}
