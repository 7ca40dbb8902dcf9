/**
 * The transforms of Winograd's algorithm along one axis, in WGSL: correlating 3 weights with a tile of outputs takes one
 * product for each of the tile's points instead of 3 for each output.
 *
 * `y = A^T ((G w) * (B^T x))` holds when the three matrices evaluate polynomials at the same points (Toom and Cook). The
 * finite points here are 0, ±P and, for the larger tile, ±Q; the last one is infinity. Matrices of both axes are applied
 * one after the other, first to the rows of a square, then to its columns.
 *
 * Source: Lavin and Gray 2016, "Fast algorithms for convolutional neural networks". Points 0, ±1, ±2, as there, give
 * errors more than twice those of 5/8 and 3/2 (512 channels); all constants below but those of G are exact in float32.
 */

/** The outputs of a tile along one axis. */
export type Tile = '4' | '2';

/** The products of a tile along one axis. */
export const points = (tile: Tile): number => Number(tile) + 2;

/** `OUTPUTS`, `POINTS` and `transform(values)`: B^T, from the inputs of a tile to its points. */
export const inputTransforms = {
  '4': `const OUTPUTS = 4u; const POINTS = 6u;
const P = 5.0 / 8; const P2 = P * P;
const Q = 3.0 / 2; const Q2 = Q * Q;
fn transform(x: array<vec4f, 6>) -> array<vec4f, 6> {
  let even_p = x[4] - Q2 * x[2];
  let odd_p = P * (x[3] - Q2 * x[1]);
  let even_q = x[4] - P2 * x[2];
  let odd_q = Q * (x[3] - P2 * x[1]);
  return array<vec4f, 6>(
    P2 * Q2 * x[0] - (P2 + Q2) * x[2] + x[4],
    even_p + odd_p,
    even_p - odd_p,
    even_q + odd_q,
    even_q - odd_q,
    P2 * Q2 * x[1] - (P2 + Q2) * x[3] + x[5],
  );
}`,
  '2': `const OUTPUTS = 2u; const POINTS = 4u;
fn transform(x: array<vec4f, 4>) -> array<vec4f, 4> {
  return array<vec4f, 4>(x[2] - x[0], x[2] + x[1], x[2] - x[1], x[3] - x[1]);
}`,
} as const satisfies Record<Tile, string>;

/** `POINTS` and `transform(w0, w1, w2)`: G, from three weights to the points of a tile. */
export const weightTransforms = {
  '4': `const POINTS = 6u;
const P = 5.0 / 8; const P2 = P * P;
const Q = 3.0 / 2; const Q2 = Q * Q;
fn transform(w0: vec4f, w1: vec4f, w2: vec4f) -> array<vec4f, 6> {
  let even_p = (w0 + P2 * w2) * (1 / (2 * P2 * (P2 - Q2)));
  let odd_p = w1 * (P / (2 * P2 * (P2 - Q2)));
  let even_q = (w0 + Q2 * w2) * (1 / (2 * Q2 * (Q2 - P2)));
  let odd_q = w1 * (Q / (2 * Q2 * (Q2 - P2)));
  return array<vec4f, 6>(
    w0 * (1 / (P2 * Q2)),
    even_p + odd_p,
    even_p - odd_p,
    even_q + odd_q,
    even_q - odd_q,
    w2,
  );
}`,
  '2': `const POINTS = 4u;
fn transform(w0: vec4f, w1: vec4f, w2: vec4f) -> array<vec4f, 4> {
  let even = (w0 + w2) * 0.5;
  let odd = w1 * 0.5;
  return array<vec4f, 4>(-w0, even + odd, even - odd, w2);
}`,
} as const satisfies Record<Tile, string>;

/** `OUTPUTS`, `POINTS` and `output_transform(values)`: A^T, from the points of a tile to its outputs. */
export const outputTransforms = {
  '4': `const OUTPUTS = 4u; const POINTS = 6u;
const P = 5.0 / 8; const P2 = P * P;
const Q = 3.0 / 2; const Q2 = Q * Q;
fn output_transform(m: array<vec4f, 6>) -> array<vec4f, 4> {
  let even_p = m[1] + m[2];
  let odd_p = P * (m[1] - m[2]);
  let even_q = m[3] + m[4];
  let odd_q = Q * (m[3] - m[4]);
  return array<vec4f, 4>(
    m[0] + even_p + even_q,
    odd_p + odd_q,
    P2 * even_p + Q2 * even_q,
    P2 * odd_p + Q2 * odd_q + m[5],
  );
}`,
  '2': `const OUTPUTS = 2u; const POINTS = 4u;
fn output_transform(m: array<vec4f, 4>) -> array<vec4f, 2> {
  return array<vec4f, 2>(m[0] + m[1] + m[2], m[1] - m[2] + m[3]);
}`,
} as const satisfies Record<Tile, string>;

/** `OUTPUTS`, `POINTS` and `transform(values)`: A, from the gradients of a tile's outputs to those of its points. */
export const outputGradTransforms = {
  '4': `const OUTPUTS = 4u; const POINTS = 6u;
const P = 5.0 / 8; const P2 = P * P;
const Q = 3.0 / 2; const Q2 = Q * Q;
fn transform(d: array<vec4f, 4>) -> array<vec4f, 6> {
  let even_p = d[0] + P2 * d[2];
  let odd_p = P * (d[1] + P2 * d[3]);
  let even_q = d[0] + Q2 * d[2];
  let odd_q = Q * (d[1] + Q2 * d[3]);
  return array<vec4f, 6>(d[0], even_p + odd_p, even_p - odd_p, even_q + odd_q, even_q - odd_q, d[3]);
}`,
  '2': `const OUTPUTS = 2u; const POINTS = 4u;
fn transform(d: array<vec4f, 2>) -> array<vec4f, 4> {
  return array<vec4f, 4>(d[0], d[0] + d[1], d[0] - d[1], d[1]);
}`,
} as const satisfies Record<Tile, string>;

/** `POINTS` and `transform(values)`: G^T, from the gradients of a tile's points to those of three weights. */
export const weightGradTransforms = {
  '4': `const POINTS = 6u;
const P = 5.0 / 8; const P2 = P * P;
const Q = 3.0 / 2; const Q2 = Q * Q;
fn transform(u: array<vec4f, 6>) -> array<vec4f, 3> {
  let even_p = (u[1] + u[2]) * (1 / (2 * P2 * (P2 - Q2)));
  let odd_p = (u[1] - u[2]) * (P / (2 * P2 * (P2 - Q2)));
  let even_q = (u[3] + u[4]) * (1 / (2 * Q2 * (Q2 - P2)));
  let odd_q = (u[3] - u[4]) * (Q / (2 * Q2 * (Q2 - P2)));
  return array<vec4f, 3>(
    u[0] * (1 / (P2 * Q2)) + even_p + even_q,
    odd_p + odd_q,
    P2 * even_p + Q2 * even_q + u[5],
  );
}`,
  '2': `const POINTS = 4u;
fn transform(u: array<vec4f, 4>) -> array<vec4f, 3> {
  let even = (u[1] + u[2]) * 0.5;
  return array<vec4f, 3>(even - u[0], (u[1] - u[2]) * 0.5, even + u[3]);
}`,
} as const satisfies Record<Tile, string>;
