// tree: joins what the threads of a workgroup found, pair by pair. The order depends on the workgroup's size alone.
//
// Threads that are `lanes` apart (a power of two) belong together: each gets what they come to.
// Needs: Element, the type of the values; WORKGROUP.

var<workgroup> found: array<Element, WORKGROUP>;

fn tree_sum(thread: u32, lanes: u32, value: Element) -> Element {
  found[thread] = value;
  workgroupBarrier();
  for (var span = WORKGROUP / 2u; span >= lanes; span /= 2u) {
    if (thread < span) { found[thread] = found[thread] + found[thread + span]; }
    workgroupBarrier();
  }
  let result = found[thread % lanes];
  workgroupBarrier();
  return result;
}

fn tree_max(thread: u32, lanes: u32, value: Element) -> Element {
  found[thread] = value;
  workgroupBarrier();
  for (var span = WORKGROUP / 2u; span >= lanes; span /= 2u) {
    if (thread < span) { found[thread] = max(found[thread], found[thread + span]); }
    workgroupBarrier();
  }
  let result = found[thread % lanes];
  workgroupBarrier();
  return result;
}
