/**
 * CIEDE2000 color difference, as Sharma, Wu and Dalal write it down: "The CIEDE2000 Color-Difference Formula:
 * Implementation Notes, Supplementary Test Data, and Mathematical Observations", Color Research and Application 30, 2005.
 * kL = kC = kH = 1. Their symbols: L lightness, C chroma, h hue; a prime for what the stretched a* gives, a bar for means.
 */

type Lab = readonly [number, number, number];

const DEGREE = Math.PI / 180;
const POW_25_7 = 25 ** 7;

/** Returns ΔE00 of two colors in L*, a*, b*. */
export function deltaE2000([l1, a1, b1]: Lab, [l2, a2, b2]: Lab): number {
  return difference(l1, a1, b1, l2, a2, b2);
}

/**
 * Returns the mean ΔE00 over all pixels.
 *
 * @param one `[pixels, 3]`: L*, a*, b*, as `rgbaToLab` gives them
 * @param other the same
 */
export function meanDeltaE2000(one: Float32Array, other: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < one.length; i += 3) {
    sum += difference(one[i]!, one[i + 1]!, one[i + 2]!, other[i]!, other[i + 1]!, other[i + 2]!);
  }
  return sum / (one.length / 3);
}

function difference(l1: number, a1: number, b1: number, l2: number, a2: number, b2: number): number {
  const stretch = 1 + 0.5 * (1 - saturation((Math.sqrt(a1 * a1 + b1 * b1) + Math.sqrt(a2 * a2 + b2 * b2)) / 2));
  const c1 = Math.sqrt((stretch * a1) ** 2 + b1 * b1);
  const c2 = Math.sqrt((stretch * a2) ** 2 + b2 * b2);
  const h1 = hue(stretch * a1, b1);
  const h2 = hue(stretch * a2, b2);
  const colored = c1 * c2 !== 0;

  let turn = colored ? h2 - h1 : 0;
  if (turn > 180) turn -= 360;
  else if (turn < -180) turn += 360;
  const deltaL = l2 - l1;
  const deltaC = c2 - c1;
  const deltaH = 2 * Math.sqrt(c1 * c2) * Math.sin((turn / 2) * DEGREE);

  const l = (l1 + l2) / 2;
  const c = (c1 + c2) / 2;
  // Of grey the hue is 0, and so the sum is the other's hue.
  let h = h1 + h2;
  if (colored) h = (Math.abs(h1 - h2) <= 180 ? h : h < 360 ? h + 360 : h - 360) / 2;

  const t =
    1 -
    0.17 * Math.cos((h - 30) * DEGREE) +
    0.24 * Math.cos(2 * h * DEGREE) +
    0.32 * Math.cos((3 * h + 6) * DEGREE) -
    0.2 * Math.cos((4 * h - 63) * DEGREE);
  const fromMiddle = (l - 50) ** 2;
  const weighedL = deltaL / (1 + (0.015 * fromMiddle) / Math.sqrt(20 + fromMiddle));
  const weighedC = deltaC / (1 + 0.045 * c);
  const weighedH = deltaH / (1 + 0.015 * c * t);
  const rotation = -2 * saturation(c) * Math.sin(60 * Math.exp(-(((h - 275) / 25) ** 2)) * DEGREE);
  // Rounding may take a difference of nothing below zero.
  const square = weighedL ** 2 + weighedC ** 2 + weighedH ** 2 + rotation * weighedC * weighedH;
  return Math.sqrt(Math.max(square, 0));
}

/** 0 for grey, near 1 for strong colors. */
function saturation(chroma: number): number {
  const power = chroma ** 7;
  return Math.sqrt(power / (power + POW_25_7));
}

/** Degrees, 0 up to 360; 0 for grey. */
function hue(a: number, b: number): number {
  const degrees = Math.atan2(b, a) / DEGREE;
  return degrees < 0 ? degrees + 360 : degrees;
}
