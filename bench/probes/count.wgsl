// Cost of a dispatch: one thread counts up, so that each dispatch has to wait for the one before, as layers do.

@group(0) @binding(0) var<storage, read_write> counter: array<u32>;

@compute @workgroup_size(1)
fn main() {
  counter[0] += 1u;
}
