// winograd_4: Winograd's algorithm along one axis, for tiles of 4 outputs: correlating them with 3 weights takes one
// product for each of the tile's 6 points instead of 3 for each output.
//
// y = A^T ((G w) * (B^T x)) holds when the three matrices evaluate polynomials at the same points (Toom and Cook). Those
// here are 0, P, -P, Q, -Q and infinity. Matrices of both axes are applied one after the other, first to the rows of a
// square, then to its columns.
//
// Source: Lavin and Gray 2016, "Fast algorithms for convolutional neural networks". Points 0, ±1, ±2, as there, give
// errors more than twice those of 5/8 and 3/2 (512 channels); all constants below but those of G are exact in float32.
// Needs:  Channels, the channels of a thread.

const OUTPUTS = 4u;
const POINTS = 6u;
const P = 5.0 / 8;
const P2 = P * P;
const Q = 3.0 / 2;
const Q2 = Q * Q;

// B^T, from the inputs of a tile to its points.
fn input_transform(x: array<Channels, 6>) -> array<Channels, 6> {
  let even_p = x[4] - Q2 * x[2];
  let odd_p = P * (x[3] - Q2 * x[1]);
  let even_q = x[4] - P2 * x[2];
  let odd_q = Q * (x[3] - P2 * x[1]);
  return array<Channels, 6>(
    P2 * Q2 * x[0] - (P2 + Q2) * x[2] + x[4],
    even_p + odd_p,
    even_p - odd_p,
    even_q + odd_q,
    even_q - odd_q,
    P2 * Q2 * x[1] - (P2 + Q2) * x[3] + x[5],
  );
}

// G, from three weights to the points of a tile.
fn weight_transform(w0: Channels, w1: Channels, w2: Channels) -> array<Channels, 6> {
  let even_p = (w0 + P2 * w2) * (1 / (2 * P2 * (P2 - Q2)));
  let odd_p = w1 * (P / (2 * P2 * (P2 - Q2)));
  let even_q = (w0 + Q2 * w2) * (1 / (2 * Q2 * (Q2 - P2)));
  let odd_q = w1 * (Q / (2 * Q2 * (Q2 - P2)));
  return array<Channels, 6>(
    w0 * (1 / (P2 * Q2)),
    even_p + odd_p,
    even_p - odd_p,
    even_q + odd_q,
    even_q - odd_q,
    w2,
  );
}

// A^T, from the points of a tile to its outputs.
fn output_transform(m: array<Channels, 6>) -> array<Channels, 4> {
  let even_p = m[1] + m[2];
  let odd_p = P * (m[1] - m[2]);
  let even_q = m[3] + m[4];
  let odd_q = Q * (m[3] - m[4]);
  return array<Channels, 4>(
    m[0] + even_p + even_q,
    odd_p + odd_q,
    P2 * even_p + Q2 * even_q,
    P2 * odd_p + Q2 * odd_q + m[5],
  );
}

// A, from the gradients of a tile's outputs to those of its points.
fn output_grad_transform(d: array<Channels, 4>) -> array<Channels, 6> {
  let even_p = d[0] + P2 * d[2];
  let odd_p = P * (d[1] + P2 * d[3]);
  let even_q = d[0] + Q2 * d[2];
  let odd_q = Q * (d[1] + Q2 * d[3]);
  return array<Channels, 6>(d[0], even_p + odd_p, even_p - odd_p, even_q + odd_q, even_q - odd_q, d[3]);
}

// G^T, from the gradients of a tile's points to those of three weights.
fn weight_grad_transform(u: array<Channels, 6>) -> array<Channels, 3> {
  let even_p = (u[1] + u[2]) * (1 / (2 * P2 * (P2 - Q2)));
  let odd_p = (u[1] - u[2]) * (P / (2 * P2 * (P2 - Q2)));
  let even_q = (u[3] + u[4]) * (1 / (2 * Q2 * (Q2 - P2)));
  let odd_q = (u[3] - u[4]) * (Q / (2 * Q2 * (Q2 - P2)));
  return array<Channels, 3>(
    u[0] * (1 / (P2 * Q2)) + even_p + even_q,
    odd_p + odd_q,
    P2 * even_p + Q2 * even_q + u[5],
  );
}
