// Ceiling of memory: y = x, one vec4 at a time, neighboring threads on neighboring vec4s. Grid-stride: any number of
// workgroups copies everything.

@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> y: array<vec4f>;

@compute @workgroup_size(256)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let n = min(arrayLength(&x), arrayLength(&y));
  for (var i = id.x; i < n; i += 256u * groups.x) {
    y[i] = x[i];
  }
}
