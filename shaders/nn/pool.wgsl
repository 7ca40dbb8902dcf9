// pool: y[n, o, c] = the maximum or the average of x[n, o * step + origin + t * dilation, c] over the taps t.
//
// A thread computes one Element (1, 2 or 4 neighboring channels) of one output. It clips its window to the input
// first, so padding is never read and the loops need no checks. Every window holds an element, or padding that counts.
// Layout: x [batch, in_depth, in_height, in_width, channels]   y [batch, out_depth, out_height, out_width, stride], of
//         which the channels from `first` on are written
// Slots:  Element, WIDTH from src/kernels/core/reducers.ts; initial, combine, finish from src/kernels/nn/pool.ts.
//         WIDTH divides channels, stride and first.

override WORKGROUP: u32 = 256;

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
  channels: u32,
  stride: u32, // channels from one pixel of y to the next
  first: u32,
  count_padding: u32, // 1: an average is over the taps before end_*, 0: over those inside the input
  end_z: u32, // where the padding behind the input ends
  end_y: u32,
  end_x: u32,
}

@group(0) @binding(0) var<storage, read> x: array<Element>;
@group(0) @binding(1) var<storage, read_write> y: array<Element>;
@group(0) @binding(2) var<uniform> params: Params;

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(global_invocation_id) gid: vec3u,
  @builtin(num_workgroups) groups: vec3u,
) {
  let channels = params.channels / WIDTH;
  let i = gid.x + gid.y * groups.x * WORKGROUP;
  let pixel = i / channels;
  let c = i % channels;
  let position = vec3u(
    pixel / params.out_width / params.out_height % params.out_depth,
    pixel / params.out_width % params.out_height,
    pixel % params.out_width,
  );
  let image = pixel / params.out_width / params.out_height / params.out_depth;
  if (image >= params.batch) { return; }

  let size = vec3i(vec3u(params.in_depth, params.in_height, params.in_width));
  let taps = vec3i(vec3u(params.taps_z, params.taps_y, params.taps_x));
  let dilation = vec3i(vec3u(params.dilation_z, params.dilation_y, params.dilation_x));
  let start = vec3i(params.origin_z, params.origin_y, params.origin_x) +
    vec3i(position * vec3u(params.step_z, params.step_y, params.step_x));
  // The taps from `low` to before `high` lie inside.
  let low = (max(-start, vec3i()) + dilation - 1) / dilation;
  let high = min(taps, (size - start + dilation - 1) / dilation);
  let before_end = min(taps, (vec3i(vec3u(params.end_z, params.end_y, params.end_x)) - start + dilation - 1) / dilation);
  let counted = select(high - low, before_end, params.count_padding == 1u);

  let lines = i32(image) * size.x;
  let corner = start + low * dilation;
  let begin = ((lines + corner.x) * size.y + corner.y) * size.z + corner.z;
  var value = initial(x[u32(begin) * channels + c]);
  for (var tz = low.x; tz < high.x; tz++) {
    for (var ty = low.y; ty < high.y; ty++) {
      let line = (lines + start.x + tz * dilation.x) * size.y + start.y + ty * dilation.y;
      var at = u32(line * size.z + corner.z) * channels + c;
      for (var tx = low.z; tx < high.z; tx++) {
        value = combine(value, x[at]);
        at += params.dilation_x * channels;
      }
    }
  }
  y[pixel * (params.stride / WIDTH) + params.first / WIDTH + c] = finish(value, f32(counted.x * counted.y * counted.z));
}
