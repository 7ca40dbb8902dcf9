// pad: y[i] = x[i - before] inside; outside `value`, or what the mode takes from x instead.
//
// One thread writes one Element (1, 2 or 4 neighboring floats of axis 0). Axis 0 varies fastest, axis 5 slowest.
// Layout: x [x_extent5, …, x_extent0]   y [y_extent5, …, y_extent0]
// Slots:  Element, WIDTH, supplied by src/kernels/core/vector_width.ts; WIDTH divides before0 and the extents of axis 0.
//         source(i, extent): the index in x for index i of an axis, -1 for none; supplied by src/kernels/movement/pad.ts.

override WORKGROUP: u32 = 256;

struct Params {
  axes: u32, // up to 3: axes 2, 3 and 4 have extent 1
  value: f32,
  x_extent0: u32,
  x_extent1: u32,
  x_extent2: u32,
  x_extent3: u32,
  x_extent4: u32,
  x_extent5: u32,
  before0: u32,
  before1: u32,
  before2: u32,
  before3: u32,
  before4: u32,
  before5: u32,
  y_extent0: u32,
  y_extent1: u32,
  y_extent2: u32,
  y_extent3: u32,
  y_extent4: u32,
  y_extent5: u32,
}

@group(0) @binding(0) var<storage, read> x: array<Element>;
@group(0) @binding(1) var<storage, read_write> y: array<Element>;
@group(0) @binding(2) var<uniform> params: Params;

// What is known of an element of y after some of its axes.
struct Position {
  rest: u32, // the index in y along the slower axes
  x_at: u32, // the index in x along the faster axes
  stride: u32, // of the next axis in x
  inside: bool,
}

fn advance(p: Position, i: u32, before: u32, extent: u32, rest: u32) -> Position {
  let at = source(i32(i) - i32(before), i32(extent));
  return Position(rest, p.x_at + u32(max(at, 0)) * p.stride, p.stride * extent, p.inside && at >= 0);
}

fn walk(p: Position, y_extent: u32, before: u32, x_extent: u32) -> Position {
  let rest = p.rest / y_extent;
  return advance(p, p.rest - rest * y_extent, before, x_extent, rest);
}

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(global_invocation_id) gid: vec3u,
  @builtin(num_workgroups) groups: vec3u,
) {
  let i = gid.x + gid.y * groups.x * WORKGROUP;
  let vectors = params.y_extent0 / WIDTH;
  let row = i / vectors;
  var p = advance(Position(0u, 0u, 1u, true), (i - row * vectors) * WIDTH, params.before0, params.x_extent0, row);
  p = walk(p, params.y_extent1, params.before1, params.x_extent1);
  if (params.axes > 3u) {
    p = walk(p, params.y_extent2, params.before2, params.x_extent2);
    p = walk(p, params.y_extent3, params.before3, params.x_extent3);
    p = walk(p, params.y_extent4, params.before4, params.x_extent4);
  }
  if (p.rest >= params.y_extent5) { return; }
  p = advance(p, p.rest, params.before5, params.x_extent5, 0u);
  if (p.inside) {
    y[i] = x[p.x_at / WIDTH];
  } else {
    y[i] = Element(params.value);
  }
}
