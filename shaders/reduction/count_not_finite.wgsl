// count_not_finite: partial[k] = how many elements of chunk k are NaN or infinite.
//
// By their bits: all ones in the exponent. WGSL lets drivers assume that arithmetic never meets NaN or infinity.
// One workgroup counts one chunk: each thread strides through it, then a tree adds the threads.
// Layout: x [count]   partial [ceil(vec4s / chunk)], as floats

override WORKGROUP: u32 = 256;

struct Params {
  count: u32,
  chunk: u32, // vec4s
}

@group(0) @binding(0) var<storage, read> x: array<vec4u>; // the bits of floats
@group(0) @binding(1) var<storage, read_write> partial: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

var<workgroup> counts: array<u32, WORKGROUP>;

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(local_invocation_index) thread: u32,
  @builtin(workgroup_id) group: vec3u,
) {
  let begin = group.x * params.chunk;
  let end = min(begin + params.chunk, (params.count + 3u) / 4u);
  var found = vec4u(0u);
  for (var i = begin + thread; i < end; i += WORKGROUP) {
    let bad = (x[i] & vec4u(0x7f800000u)) == vec4u(0x7f800000u);
    // The last vec4 may reach past the tensor: what lies there does not count.
    found += select(vec4u(0u), vec4u(1u), bad & (4u * i + vec4u(0u, 1u, 2u, 3u) < vec4u(params.count)));
  }
  counts[thread] = found.x + found.y + found.z + found.w;
  workgroupBarrier();
  for (var span = WORKGROUP / 2u; span > 0u; span /= 2u) {
    if (thread < span) { counts[thread] += counts[thread + span]; }
    workgroupBarrier();
  }
  if (thread == 0u) { partial[group.x] = f32(counts[0]); }
}
