// add_products: adds b a to the sums of a thread, where b is 8 matrices, each loaded by one lane of a subgroup of 8.
// Lanes must be constants where they are named, so each sum has a line of its own.

fn add_products(sum: ptr<function, array<mat4x4f, VECTORS>>, own: mat4x4f, a: mat4x4f) {
  (*sum)[0] += mat4x4f(subgroupBroadcast(own[0], 0), subgroupBroadcast(own[1], 0), subgroupBroadcast(own[2], 0), subgroupBroadcast(own[3], 0)) * a;
  (*sum)[1] += mat4x4f(subgroupBroadcast(own[0], 1), subgroupBroadcast(own[1], 1), subgroupBroadcast(own[2], 1), subgroupBroadcast(own[3], 1)) * a;
  (*sum)[2] += mat4x4f(subgroupBroadcast(own[0], 2), subgroupBroadcast(own[1], 2), subgroupBroadcast(own[2], 2), subgroupBroadcast(own[3], 2)) * a;
  (*sum)[3] += mat4x4f(subgroupBroadcast(own[0], 3), subgroupBroadcast(own[1], 3), subgroupBroadcast(own[2], 3), subgroupBroadcast(own[3], 3)) * a;
  (*sum)[4] += mat4x4f(subgroupBroadcast(own[0], 4), subgroupBroadcast(own[1], 4), subgroupBroadcast(own[2], 4), subgroupBroadcast(own[3], 4)) * a;
  (*sum)[5] += mat4x4f(subgroupBroadcast(own[0], 5), subgroupBroadcast(own[1], 5), subgroupBroadcast(own[2], 5), subgroupBroadcast(own[3], 5)) * a;
  (*sum)[6] += mat4x4f(subgroupBroadcast(own[0], 6), subgroupBroadcast(own[1], 6), subgroupBroadcast(own[2], 6), subgroupBroadcast(own[3], 6)) * a;
  (*sum)[7] += mat4x4f(subgroupBroadcast(own[0], 7), subgroupBroadcast(own[1], 7), subgroupBroadcast(own[2], 7), subgroupBroadcast(own[3], 7)) * a;
}
