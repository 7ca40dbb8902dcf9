// sums_ordered: adds a product of matrices to the sums of a thread, term by term: of 4 terms a GPU makes as many fused
// multiply-adds, where sums_whole.wgsl takes a product, 3 of them and a sum.

fn plus_product(sum: mat4x4f, a: mat4x4f, b: mat4x4f) -> mat4x4f {
  return mat4x4f(
    plus_column(sum[0], a, b[0]),
    plus_column(sum[1], a, b[1]),
    plus_column(sum[2], a, b[2]),
    plus_column(sum[3], a, b[3]),
  );
}

fn plus_column(sum: vec4f, a: mat4x4f, b: vec4f) -> vec4f {
  return sum + a[0] * b.x + a[1] * b.y + a[2] * b.z + a[3] * b.w;
}
