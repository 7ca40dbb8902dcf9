// Ceiling of multiply-adds: 16 independent chains a ← a · multiplier + addend in each thread (four vec4 accumulators),
// four steps of each in an iteration. Nothing is loaded inside the loop, and one vec4 is stored at its end.
// The factors come from a buffer and all chains begin differently, so that no compiler can shorten or merge them.

struct Chains {
  multiplier: f32,
  addend: f32,
  iterations: u32,
}

@group(0) @binding(0) var<storage, read> chains: Chains;
@group(0) @binding(1) var<storage, read_write> sums: array<vec4f>;

@compute @workgroup_size(128)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let first = 1.0 + vec4f(0.0, 1.0, 2.0, 3.0) / 4096.0 + f32(id.x % 256u) / 256.0;
  var a = first;
  var b = first + 4.0 / 4096.0;
  var c = first + 8.0 / 4096.0;
  var d = first + 12.0 / 4096.0;
  let m = vec4f(chains.multiplier);
  let t = vec4f(chains.addend);
  for (var i = 0u; i < chains.iterations; i++) {
    a = fma(a, m, t);
    b = fma(b, m, t);
    c = fma(c, m, t);
    d = fma(d, m, t);
    a = fma(a, m, t);
    b = fma(b, m, t);
    c = fma(c, m, t);
    d = fma(d, m, t);
    a = fma(a, m, t);
    b = fma(b, m, t);
    c = fma(c, m, t);
    d = fma(d, m, t);
    a = fma(a, m, t);
    b = fma(b, m, t);
    c = fma(c, m, t);
    d = fma(d, m, t);
  }
  if (id.x < arrayLength(&sums)) {
    sums[id.x] = a + b + c + d;
  }
}
