// pad_reflect: goes to and fro between the first and the last element, neither of them twice in a row.

fn source(i: i32, extent: i32) -> i32 {
  let period = max(2 * (extent - 1), 1);
  let m = abs(i) % period;
  return min(m, period - m);
}
