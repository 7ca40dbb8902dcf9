// strided_copy: y[y_first + sum of i[k] * y_step[k]] = x[x_first + sum of i[k] * x_step[k]], for all 0 <= i[k] < extent[k].
//
// Steps may be zero or negative; axis 0 varies fastest, axis 5 slowest. One thread copies one Element (1, 2 or 4
// neighboring floats of axis 0). Extents, firsts and steps count floats.
// Slots: Element, WIDTH, supplied by src/kernels/core/vector_width.ts; all offsets are multiples of WIDTH.

override WORKGROUP: u32 = 256;

struct Params {
  axes: u32, // up to 3: axes 2, 3 and 4 have extent 1
  extent0: u32,
  extent1: u32,
  extent2: u32,
  extent3: u32,
  extent4: u32,
  extent5: u32,
  x_first: i32,
  x_step0: i32,
  x_step1: i32,
  x_step2: i32,
  x_step3: i32,
  x_step4: i32,
  x_step5: i32,
  y_first: i32,
  y_step0: i32,
  y_step1: i32,
  y_step2: i32,
  y_step3: i32,
  y_step4: i32,
  y_step5: i32,
}

@group(0) @binding(0) var<storage, read> x: array<Element>;
@group(0) @binding(1) var<storage, read_write> y: array<Element>;
@group(0) @binding(2) var<uniform> params: Params;

// Splits the coordinate of the fastest axis off `rest`.
fn coordinate(rest: ptr<function, u32>, extent: u32) -> i32 {
  let outer = *rest / extent;
  let inner = *rest - outer * extent;
  *rest = outer;
  return i32(inner);
}

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(global_invocation_id) gid: vec3u,
  @builtin(num_workgroups) groups: vec3u,
) {
  var rest = gid.x + gid.y * groups.x * WORKGROUP;
  let i0 = i32(WIDTH) * coordinate(&rest, params.extent0 / WIDTH);
  let i1 = coordinate(&rest, params.extent1);
  var x_at = params.x_first + i0 * params.x_step0 + i1 * params.x_step1;
  var y_at = params.y_first + i0 * params.y_step0 + i1 * params.y_step1;
  if (params.axes > 3u) {
    let i2 = coordinate(&rest, params.extent2);
    let i3 = coordinate(&rest, params.extent3);
    let i4 = coordinate(&rest, params.extent4);
    x_at += i2 * params.x_step2 + i3 * params.x_step3 + i4 * params.x_step4;
    y_at += i2 * params.y_step2 + i3 * params.y_step3 + i4 * params.y_step4;
  }
  if (rest >= params.extent5) { return; }
  x_at += i32(rest) * params.x_step5;
  y_at += i32(rest) * params.y_step5;
  y[u32(y_at) / WIDTH] = x[u32(x_at) / WIDTH];
}
