// sum_squares: partial[k] = sum of (scale x)^2 over the vec4s of chunk k.
//
// One workgroup sums one chunk: each thread strides through it with four running sums, then a tree adds the threads.
// The order of additions depends on the shape alone: two runs agree to the bit.
// Layout: x [count]   partial [ceil(vec4s / chunk)]

override WORKGROUP: u32 = 256;

alias Element = f32;

struct Params {
  count: u32,
  chunk: u32, // vec4s
  scale: f32, // before squaring, so that neither large nor small numbers leave float32's range
}

@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> partial: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(local_invocation_index) thread: u32,
  @builtin(workgroup_id) group: vec3u,
) {
  let begin = group.x * params.chunk;
  let end = min(begin + params.chunk, (params.count + 3u) / 4u);
  var sum = vec4f(0.0);
  for (var i = begin + thread; i < end; i += WORKGROUP) {
    let value = params.scale * x[i];
    // The last vec4 may reach past the tensor: what lies there does not count.
    sum += select(vec4f(0.0), value * value, 4u * i + vec4u(0u, 1u, 2u, 3u) < vec4u(params.count));
  }
  let total = tree_sum(thread, 1u, (sum.x + sum.y) + (sum.z + sum.w));
  if (thread == 0u) { partial[group.x] = total; }
}
