// sums_whole: adds a product of matrices to the sums of a thread, once it is whole.

fn plus_product(sum: mat4x4f, a: mat4x4f, b: mat4x4f) -> mat4x4f { return sum + a * b; }
