// add_outers: add_outer for 4 terms: adds b a^T to the sums of a thread, where b is 8 matrices, each loaded by one lane of a
// subgroup of 8. llvmpipe loads, masks and stores each sum once for all four. They are added in order, as by add_outer.
// Lanes must be constants where they are named, so each sum has a line of its own.

fn add_outers(sum: ptr<function, array<mat4x4f, VECTORS>>, own: mat4x4f, a: mat4x4f) {
  (*sum)[0] = outers((*sum)[0], subgroupBroadcast(own[0], 0), subgroupBroadcast(own[1], 0), subgroupBroadcast(own[2], 0), subgroupBroadcast(own[3], 0), a);
  (*sum)[1] = outers((*sum)[1], subgroupBroadcast(own[0], 1), subgroupBroadcast(own[1], 1), subgroupBroadcast(own[2], 1), subgroupBroadcast(own[3], 1), a);
  (*sum)[2] = outers((*sum)[2], subgroupBroadcast(own[0], 2), subgroupBroadcast(own[1], 2), subgroupBroadcast(own[2], 2), subgroupBroadcast(own[3], 2), a);
  (*sum)[3] = outers((*sum)[3], subgroupBroadcast(own[0], 3), subgroupBroadcast(own[1], 3), subgroupBroadcast(own[2], 3), subgroupBroadcast(own[3], 3), a);
  (*sum)[4] = outers((*sum)[4], subgroupBroadcast(own[0], 4), subgroupBroadcast(own[1], 4), subgroupBroadcast(own[2], 4), subgroupBroadcast(own[3], 4), a);
  (*sum)[5] = outers((*sum)[5], subgroupBroadcast(own[0], 5), subgroupBroadcast(own[1], 5), subgroupBroadcast(own[2], 5), subgroupBroadcast(own[3], 5), a);
  (*sum)[6] = outers((*sum)[6], subgroupBroadcast(own[0], 6), subgroupBroadcast(own[1], 6), subgroupBroadcast(own[2], 6), subgroupBroadcast(own[3], 6), a);
  (*sum)[7] = outers((*sum)[7], subgroupBroadcast(own[0], 7), subgroupBroadcast(own[1], 7), subgroupBroadcast(own[2], 7), subgroupBroadcast(own[3], 7), a);
}

fn outers(sum: mat4x4f, b0: vec4f, b1: vec4f, b2: vec4f, b3: vec4f, a: mat4x4f) -> mat4x4f {
  return (((sum + outer(b0, a[0])) + outer(b1, a[1])) + outer(b2, a[2])) + outer(b3, a[3]);
}
