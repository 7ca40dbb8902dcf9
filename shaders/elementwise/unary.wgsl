// unary: y[i] = f(x[i]).   All [count]: see lib/elementwise.wgsl. NaN stays NaN.
// Slot: f(x: vec4f) -> vec4f, supplied by src/kernels/elementwise/unary.ts; alpha and beta are its parameters.

override WORKGROUP: u32 = 256;

struct Params {
  count: u32,
  alpha: f32,
  beta: f32,
}

@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(2) var<uniform> params: Params;

const NAN = 0x7fc00000u;
const MINUS_INFINITY = 0xff800000u;

// The float of these bits. WGSL has no constants for infinity and NaN, so the bits must not be one either.
fn special(bits: u32) -> vec4f {
  var kept = bits;
  return vec4f(bitcast<f32>(kept));
}

fn count() -> u32 { return params.count; }
fn value_at(i: u32) -> vec4f { return select(f(x[i]), x[i], is_nan(x[i])); }
fn old_at(i: u32) -> vec4f { return y[i]; }
fn store(i: u32, value: vec4f) { y[i] = value; }
