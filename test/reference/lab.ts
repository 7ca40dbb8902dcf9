/** CIE L*a*b* of sRGB in float64, from the definitions: primaries and white, IEC 61966-2-1's curve, CIE 1976. */

export type Triple = readonly [number, number, number];

/** X, Y, Z of a chromaticity, at Y = 1. */
const xyzOf = (x: number, y: number): Triple => [x / y, 1, (1 - x - y) / y];
const primaries = [xyzOf(0.64, 0.33), xyzOf(0.3, 0.6), xyzOf(0.15, 0.06)] as const;
const white = xyzOf(0.3127, 0.329);

const solve = (columns: readonly [Triple, Triple, Triple], y: Triple): Triple => {
  const [a, b, c] = columns;
  const whole = determinant(a, b, c);
  return [determinant(y, b, c) / whole, determinant(a, y, c) / whole, determinant(a, b, y) / whole];
};

function determinant(a: Triple, b: Triple, c: Triple): number {
  return a[0] * (b[1] * c[2] - b[2] * c[1]) - b[0] * (a[1] * c[2] - a[2] * c[1]) + c[0] * (a[1] * b[2] - a[2] * b[1]);
}

/** How much of each primary makes white. */
const amounts = solve(primaries, white);
/** X/Xn, Y/Yn, Z/Zn of each primary at full strength. */
const columns = primaries.map((p, i) => p.map((v, j) => (v * amounts[i]!) / white[j]!)) as unknown as [
  Triple,
  Triple,
  Triple,
];

/** Linear light of an sRGB value in 0..1. */
const toLinear = (c: number) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
const toSrgb = (c: number) => (c <= 0.0031308 ? 12.92 * c : 1.055 * c ** (1 / 2.4) - 0.055);

const DELTA = 6 / 29;
const f = (t: number) => (t > DELTA ** 3 ? Math.cbrt(t) : t / (3 * DELTA ** 2) + 4 / 29);
const fInverse = (t: number) => (t > DELTA ? t ** 3 : 3 * DELTA ** 2 * (t - 4 / 29));

/** L* (0..100), a*, b* of an sRGB color in bytes. */
export function labOf(rgb: Triple): Triple {
  const light = rgb.map((v) => toLinear(v / 255));
  const [x, y, z] = [0, 1, 2].map((row) =>
    f(columns.reduce((sum, column, i) => sum + column[row]! * light[i]!, 0)),
  ) as unknown as Triple;
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
}

/** L* (0..100) of the BT.601 grey, unrounded, of an sRGB color in bytes. */
export function lumaLightnessOf([r, g, b]: Triple): number {
  return 116 * f(toLinear((0.299 * r + 0.587 * g + 0.114 * b) / 255)) - 16;
}

/** The sRGB color of L*, a*, b* in 0..255, clipped channel by channel, unrounded. */
export function rgbOf([l, a, b]: Triple): Triple {
  const y = (l + 16) / 116;
  const xyz: Triple = [fInverse(y + a / 500), fInverse(y), fInverse(y - b / 200)];
  return solve(columns, xyz).map((v) => 255 * toSrgb(Math.min(1, Math.max(0, v)))) as unknown as Triple;
}
