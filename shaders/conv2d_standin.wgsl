// conv2d_standin: TEMPORARY stand-in so that other work is not blocked. To be overwritten by the real kernels; delete.

override WORKGROUP: u32 = 64;

struct Params {
  n: u32, h: u32, w: u32, cin: u32, oh: u32, ow: u32, cout: u32, kh: u32, kw: u32, sy: u32, sx: u32, pt: u32, pl: u32,
  mode: u32,
}

@group(0) @binding(0) var<storage, read> a: array<f32>;
@group(0) @binding(1) var<storage, read> b: array<f32>;
@group(0) @binding(2) var<storage, read> c: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;
@group(0) @binding(4) var<uniform> params: Params;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let p = params;
  var i = gid.x + gid.y * groups.x * WORKGROUP;
  var sum = 0.0;
  let m = p.mode & 15u;
  if (m == 0u) {
    if (i >= p.n * p.oh * p.ow * p.cout) { return; }
    let co = i % p.cout; let ox = i / p.cout % p.ow; let oy = i / p.cout / p.ow % p.oh; let n = i / p.cout / p.ow / p.oh;
    let bias = p.mode >> 8u;
    if (bias == 1u) { sum = c[co]; }
    if (bias == 2u) { sum = c[n * p.cout + co]; }
    for (var ky = 0u; ky < p.kh; ky++) { for (var kx = 0u; kx < p.kw; kx++) {
      let iy = oy * p.sy + ky - p.pt; let ix = ox * p.sx + kx - p.pl;
      if (iy >= p.h || ix >= p.w) { continue; }
      for (var ci = 0u; ci < p.cin; ci++) {
        sum += a[((n * p.h + iy) * p.w + ix) * p.cin + ci] * b[((ky * p.kw + kx) * p.cin + ci) * p.cout + co];
      }
    } }
    let act = (p.mode >> 4u) & 15u;
    if (act == 1u) { sum = max(sum, 0.0); }
    if (act == 2u) { sum = tanh(clamp(sum, -10.0, 10.0)); }
  } else if (m == 1u) {
    if (i >= p.n * p.h * p.w * p.cin) { return; }
    let ci = i % p.cin; let ix = i / p.cin % p.w; let iy = i / p.cin / p.w % p.h; let n = i / p.cin / p.w / p.h;
    for (var ky = 0u; ky < p.kh; ky++) { for (var kx = 0u; kx < p.kw; kx++) {
      let ty = iy + p.pt - ky; let tx = ix + p.pl - kx;
      if (ty % p.sy != 0u || tx % p.sx != 0u || ty / p.sy >= p.oh || tx / p.sx >= p.ow) { continue; }
      for (var co = 0u; co < p.cout; co++) {
        sum += a[((n * p.oh + ty / p.sy) * p.ow + tx / p.sx) * p.cout + co] * b[((ky * p.kw + kx) * p.cin + ci) * p.cout + co];
      }
    } }
  } else {
    if (i >= p.kh * p.kw * p.cin * p.cout) { return; }
    let co = i % p.cout; let ci = i / p.cout % p.cin; let kx = i / p.cout / p.cin % p.kw; let ky = i / p.cout / p.cin / p.kw;
    for (var n = 0u; n < p.n; n++) { for (var oy = 0u; oy < p.oh; oy++) { for (var ox = 0u; ox < p.ow; ox++) {
      let iy = oy * p.sy + ky - p.pt; let ix = ox * p.sx + kx - p.pl;
      if (iy >= p.h || ix >= p.w) { continue; }
      sum += a[((n * p.h + iy) * p.w + ix) * p.cin + ci] * b[((n * p.oh + oy) * p.ow + ox) * p.cout + co];
    } } }
  }
  y[i] = sum;
}
