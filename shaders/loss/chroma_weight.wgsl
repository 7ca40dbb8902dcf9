// chroma_weight: y = the entry of a table for each pixel's color.
//
// The table is [side, side], by a* and by b*; its middle is grey, and pixels take the entry they are nearest to.
// Layout: chroma [count, 2], a* and b* times 1 / scale bins   table [side, side]   y [count]

override WORKGROUP: u32 = 256;

struct Params {
  count: u32,
  side: u32,
  scale: f32, // bins for each unit of chroma
}

@group(0) @binding(0) var<storage, read> chroma: array<vec2f>;
@group(0) @binding(1) var<storage, read> table: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(global_invocation_id) gid: vec3u,
  @builtin(num_workgroups) groups: vec3u,
) {
  let i = gid.x + gid.y * groups.x * WORKGROUP;
  if (i >= params.count) { return; }
  let middle = f32(params.side / 2u);
  let bin = clamp(floor(params.scale * chroma[i] + middle + 0.5), vec2f(0.0), vec2f(f32(params.side - 1u)));
  y[i] = table[u32(bin.x) * params.side + u32(bin.y)];
}
