// adam: m = beta1 m + (1 - beta1) g;   v = beta2 v + (1 - beta2) g^2;   p -= step_size m / (sqrt(v) / root2 + epsilon).
//
// Kingma and Ba 2015, in the form of PyTorch's Adam; g is first multiplied by gradient_scale().
// step_size = rate / (1 - beta1^t), root2 = sqrt(1 - beta2^t): see src/kernels/optimizer/adam.ts.
// Layout: p, g, m, v [count], four elements a thread   squares [1], the squared norm of grad_scale g
// Slot:   gradient_scale() -> f32, supplied by src/kernels/optimizer/adam.ts.

override WORKGROUP: u32 = 256;

struct Params {
  count: u32,
  beta1: f32,
  one_minus_beta1: f32, // computed in float64: 1 - 0.999 in float32 is wrong by 1e-5 of itself
  beta2: f32,
  one_minus_beta2: f32,
  epsilon: f32,
  step_size: f32,
  root2: f32,
  grad_scale: f32,
  max_norm: f32, // of all gradients together
}

@group(0) @binding(0) var<storage, read> g: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> p: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> m: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> v: array<vec4f>;
@group(0) @binding(4) var<storage, read> squares: array<f32>;
@group(0) @binding(5) var<uniform> params: Params;

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(global_invocation_id) gid: vec3u,
  @builtin(num_workgroups) groups: vec3u,
) {
  let i = gid.x + gid.y * groups.x * WORKGROUP;
  let first = 4u * i;
  if (first >= params.count) { return; }
  let gradient = gradient_scale() * g[i];
  let m_new = params.beta1 * m[i] + params.one_minus_beta1 * gradient;
  let v_new = params.beta2 * v[i] + params.one_minus_beta2 * gradient * gradient;
  let p_new = p[i] - params.step_size * (m_new / (sqrt(v_new) / params.root2 + params.epsilon));
  // The last vec4 may reach past the tensor: what lies there stays as it is.
  let inside = first + vec4u(0u, 1u, 2u, 3u) < vec4u(params.count);
  m[i] = select(m[i], m_new, inside);
  v[i] = select(v[i], v_new, inside);
  p[i] = select(p[i], p_new, inside);
}
