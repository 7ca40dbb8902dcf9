// conv_direct: y[n, o, co] = activation(bias[co] + the sum of x[n, o * step + origin + t * dilation, ci] * w[t, ci, co])
//              over the taps t and the input channels ci of co's group.
//
// For what conv2d does not do: dilation, groups and a third axis. A thread computes one Element (1 or 4 neighboring
// output channels) of a strip: 4 neighboring outputs of a row. A workgroup shares the Element, and so the weights, or
// in the variant 'depthwise' has neighboring ones.
// Layout: x [batch, in_depth, in_height, in_width, in_channels]   y [batch, out_depth, out_height, out_width, out_channels]
//         w [taps_z, taps_y, taps_x, in_channels / groups, out_channels]   bias [out_channels]
// Slots:  Element, WIDTH, X, Strip, place_of, products, activate from src/kernels/conv/grouped/conv_direct.ts; a group has whole Elements.

override WORKGROUP: u32 = 64;

struct Params {
  batch: u32,
  in_depth: u32,
  in_height: u32,
  in_width: u32,
  out_depth: u32,
  out_height: u32,
  out_width: u32,
  taps_z: u32,
  taps_y: u32,
  taps_x: u32,
  step_z: u32,
  step_y: u32,
  step_x: u32,
  dilation_z: u32,
  dilation_y: u32,
  dilation_x: u32,
  origin_z: i32,
  origin_y: i32,
  origin_x: i32,
  group_in: u32, // input channels of a group
  group_out: u32,
  groups: u32,
  bias: u32, // 1 where there is one
}

@group(0) @binding(0) var<storage, read> x: array<X>;
@group(0) @binding(1) var<storage, read> w: array<Element>;
@group(0) @binding(2) var<storage, read> bias: array<Element>;
@group(0) @binding(3) var<storage, read_write> y: array<Element>;
@group(0) @binding(4) var<uniform> params: Params;

struct Place {
  element: u32,
  strip: u32,
}

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let elements = params.groups * params.group_out / WIDTH;
  let strips = (params.out_width + 3u) / 4u;
  let place = place_of(group, groups, local);
  let element = place.element;
  let column = place.strip % strips * 4u;
  let line = place.strip / strips; // of y, through all images
  let row = line % params.out_height;
  let slice = line / params.out_height % params.out_depth;
  let image = line / params.out_height / params.out_depth;
  if (image >= params.batch) { return; }

  let columns = params.origin_x + vec4i((column + vec4u(0u, 1u, 2u, 3u)) * params.step_x);
  var sums = Strip();
  for (var tz = 0u; tz < params.taps_z; tz++) {
    let z = params.origin_z + i32(slice * params.step_z + tz * params.dilation_z);
    if (z < 0 || z >= i32(params.in_depth)) { continue; }
    for (var ty = 0u; ty < params.taps_y; ty++) {
      let v = params.origin_y + i32(row * params.step_y + ty * params.dilation_y);
      if (v < 0 || v >= i32(params.in_height)) { continue; }
      let first = ((i32(image * params.in_depth) + z) * i32(params.in_height) + v) * i32(params.in_width);
      for (var tx = 0u; tx < params.taps_x; tx++) {
        let u = columns + i32(tx * params.dilation_x);
        let inside = (u >= vec4i()) & (u < vec4i(i32(params.in_width)));
        let pixels = vec4u(select(vec4i(), first + u, inside));
        sums += products(pixels, inside, (tz * params.taps_y + ty) * params.taps_x + tx, element);
      }
    }
  }
  var offset = Element();
  if (params.bias == 1u) { offset = bias[element]; }
  for (var p = 0u; p < 4u; p++) {
    if (column + p < params.out_width) {
      y[(line * params.out_width + column + p) * elements + element] = activate(sums[p] + offset);
    }
  }
}

// The variants append:
//   X                                                 what x is read by: single channels, or vec4s of them
//   Strip                                             an Element for each of four outputs
//   place_of(group, groups, local) -> Place           what a thread computes
//   products(pixels, inside, tap, element) -> Strip   the products of one tap, summed over the input channels
//   activate(v: Element) -> Element
