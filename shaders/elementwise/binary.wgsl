// binary: y[i] = f(a[i], b[(i / inner) % period]), four elements a thread.
//
// inner 1, period C: b for each channel of NHWC;  inner H * W, period C: of NCHW;  period 1: a number.
// Layout: a, y [count]   b [period]
// Slots:  B and b_at(i: u32) -> vec4f, the four elements of b that belong to a[i];
//         f(a: vec4f, b: vec4f) -> vec4f; all supplied by src/kernels/elementwise/binary.ts.

override WORKGROUP: u32 = 256;

struct Params {
  count: u32,
  inner: u32,
  period: u32,
}

@group(0) @binding(0) var<storage, read> a: array<vec4f>;
@group(0) @binding(1) var<storage, read> b: array<B>;
@group(0) @binding(2) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(3) var<uniform> params: Params;

const NAN = 0x7fc00000u;
const INFINITY = 0x7f800000u;

// The float of these bits. WGSL has no constants for infinity and NaN, so the bits must not be one either.
fn special(bits: u32) -> f32 {
  var kept = bits;
  return bitcast<f32>(kept);
}

fn keep_nan(p: vec4f, q: vec4f, value: vec4f) -> vec4f {
  return select(select(value, q, is_nan(q)), p, is_nan(p));
}

// p^q. WGSL's pow is undefined for negative p, and less exact than products.
fn power(p: f32, q: f32) -> f32 {
  let whole = trunc(q) == q;
  if (whole && abs(q) <= 1024.0) {
    var product = 1.0;
    var square = p;
    for (var n = u32(abs(q)); n > 0u; n >>= 1u) {
      if ((n & 1u) == 1u) { product *= square; }
      square *= square;
    }
    if (q >= 0.0) { return product; }
    // The reciprocal of a subnormal number may be taken for that of 0.
    if (abs(product) > 1e-37) { return 1.0 / product; }
  }
  var size = exp2(q * log2(abs(p)));
  if (p == 0.0) { size = select(special(INFINITY), 0.0, q > 0.0); }
  if (p >= 0.0) { return size; }
  if (!whole) { return special(NAN); }
  return select(size, -size, q != 2.0 * floor(0.5 * q));
}

fn count() -> u32 { return params.count; }
fn value_at(i: u32) -> vec4f { return f(a[i], b_at(i)); }
fn old_at(i: u32) -> vec4f { return y[i]; }
fn store(i: u32, value: vec4f) { y[i] = value; }
