// winograd_2: Winograd's algorithm as in winograd_4.wgsl, for tiles of 2 outputs. The points are 0, 1, -1 and infinity.
// Needs:  Channels, the channels of a thread.

const OUTPUTS = 2u;
const POINTS = 4u;

// B^T, from the inputs of a tile to its points.
fn input_transform(x: array<Channels, 4>) -> array<Channels, 4> {
  return array<Channels, 4>(x[2] - x[0], x[2] + x[1], x[2] - x[1], x[3] - x[1]);
}

// G, from three weights to the points of a tile.
fn weight_transform(w0: Channels, w1: Channels, w2: Channels) -> array<Channels, 4> {
  let even = (w0 + w2) * 0.5;
  let odd = w1 * 0.5;
  return array<Channels, 4>(-w0, even + odd, even - odd, w2);
}

// A^T, from the points of a tile to its outputs.
fn output_transform(m: array<Channels, 4>) -> array<Channels, 2> {
  return array<Channels, 2>(m[0] + m[1] + m[2], m[1] - m[2] + m[3]);
}

// A, from the gradients of a tile's outputs to those of its points.
fn output_grad_transform(d: array<Channels, 2>) -> array<Channels, 4> {
  return array<Channels, 4>(d[0], d[0] + d[1], d[0] - d[1], d[1]);
}

// G^T, from the gradients of a tile's points to those of three weights.
fn weight_grad_transform(u: array<Channels, 4>) -> array<Channels, 3> {
  let even = (u[1] + u[2]) * 0.5;
  return array<Channels, 3>(even - u[0], (u[1] - u[2]) * 0.5, even + u[3]);
}
