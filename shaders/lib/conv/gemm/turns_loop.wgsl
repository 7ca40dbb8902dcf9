// turns_loop: a step's multiplication as a loop.
// Needs:  TURNS; Sums; multiply(&sum, part, local), the part-th TOGETHER turns of a step.

const TOGETHER = TURNS;

fn multiply_step(sum: ptr<function, Sums>, local: u32) { multiply(sum, 0, local); }
