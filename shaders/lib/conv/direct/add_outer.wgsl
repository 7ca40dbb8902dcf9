// add_outer: adds b a^T to the sums of a thread, where b is 8 vec4s, each loaded by one lane of a subgroup of 8.
// Lanes must be constants where they are named, so each sum has a line of its own.

fn add_outer(sum: ptr<function, array<mat4x4f, VECTORS>>, own: vec4f, a: vec4f) {
  (*sum)[0] += outer(subgroupBroadcast(own, 0), a);
  (*sum)[1] += outer(subgroupBroadcast(own, 1), a);
  (*sum)[2] += outer(subgroupBroadcast(own, 2), a);
  (*sum)[3] += outer(subgroupBroadcast(own, 3), a);
  (*sum)[4] += outer(subgroupBroadcast(own, 4), a);
  (*sum)[5] += outer(subgroupBroadcast(own, 5), a);
  (*sum)[6] += outer(subgroupBroadcast(own, 6), a);
  (*sum)[7] += outer(subgroupBroadcast(own, 7), a);
}
