/**
 * Color conversions: sRGB (IEC 61966-2-1) <-> linear <-> CIE XYZ <-> CIE L*a*b* (D65), and BT.601 luma.
 * Everything is defined by the constants exported here, so that a shader can repeat it number for number.
 * It converts single colors and short runs of pixels; whole photographs go through `chroma.ts`.
 *
 * Units: sRGB and linear 0..1, XYZ with Y 0..1, L* 0..100, a* and b* about -108..98 inside sRGB.
 */

type Triple = readonly [number, number, number];

/** D65 white, X Y Z, as tabulated for the 2 degree observer in ASTM E308. */
export const WHITE: Triple = [0.95047, 1, 1.08883];

/**
 * Linear sRGB to XYZ, row-major 3x3. Derived from the primaries (0.64, 0.33), (0.30, 0.60), (0.15, 0.06) and `WHITE`;
 * equal to 7 digits to the matrix at http://www.brucelindbloom.com/Eqn_RGB_XYZ_Matrix.html. Each row sums to the white,
 * so grey has a* = b* = 0 exactly.
 */
// biome-ignore format: a matrix
export const RGB_TO_XYZ: readonly number[] = [
  0.4124564390896921, 0.357576077643909, 0.18043748326639894,
  0.21267285140562248, 0.715152155287818, 0.07217499330655958,
  0.019333895582329317, 0.119192025881303, 0.9503040785363677,
];

/** XYZ to linear sRGB, row-major 3x3: the inverse of `RGB_TO_XYZ`. */
// biome-ignore format: a matrix
export const XYZ_TO_RGB: readonly number[] = [
  3.2404541621141054, -1.5371385127977166, -0.4985314095560162,
  -0.9692660305051868, 1.8760108454466942, 0.04155601753034984,
  0.05564343095911469, -0.20402591351675387, 1.0572251882231791,
];

/** CIE 15: `f(t)` is a cube root above `LAB_DELTA ** 3` and a straight line below. */
export const LAB_DELTA = 6 / 29;

/** BT.601 weights of gamma-coded R, G, B. */
export const LUMA: Triple = [0.299, 0.587, 0.114];

/** L* is fed to the network as `L / LIGHTNESS_SCALE - 1`. */
export const LIGHTNESS_SCALE = 50;

/** The network's outputs in -1..1, times this, are a* and b*. */
export const CHROMA_SCALE = 127;

/** Decodes one gamma-coded sRGB component; both 0..1. */
export function srgbToLinear(value: number): number {
  return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
}

/** Codes one linear component as sRGB; both 0..1. Values outside are not clipped. */
export function linearToSrgb(value: number): number {
  return value <= 0.0031308 ? value * 12.92 : 1.055 * value ** (1 / 2.4) - 0.055;
}

/** CIE `f`: the perceptual scale of X/Xn, Y/Yn or Z/Zn. */
export function labF(t: number): number {
  return t > LAB_DELTA ** 3 ? Math.cbrt(t) : t / (3 * LAB_DELTA * LAB_DELTA) + 4 / 29;
}

/** Inverse of `labF`. */
export function labInverseF(f: number): number {
  return f > LAB_DELTA ? f * f * f : 3 * LAB_DELTA * LAB_DELTA * (f - 4 / 29);
}

/** Returns the BT.601 luma of gamma-coded R, G, B, in their own unit. */
export function luma(r: number, g: number, b: number): number {
  return LUMA[0] * r + LUMA[1] * g + LUMA[2] * b;
}

/** Returns L* (0..100) of a gamma-coded grey, 0..1. */
export function greyToLightness(grey: number): number {
  return 116 * labF(srgbToLinear(grey)) - 16;
}

/** L* of each 8-bit grey, 256 elements. */
export const GREY_LIGHTNESS: Float32Array = Float32Array.from({ length: 256 }, (_, grey) =>
  greyToLightness(grey / 255),
);

const LINEAR = Float64Array.from({ length: 256 }, (_, code) => srgbToLinear(code / 255));

/** Converts linear RGB (0..1) to L*, a*, b*. */
export function linearToLab(r: number, g: number, b: number): [number, number, number] {
  const m = RGB_TO_XYZ;
  const fx = labF((m[0]! * r + m[1]! * g + m[2]! * b) / WHITE[0]);
  const fy = labF(m[3]! * r + m[4]! * g + m[5]! * b);
  const fz = labF((m[6]! * r + m[7]! * g + m[8]! * b) / WHITE[2]);
  return [116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)];
}

/** Converts L*, a*, b* to linear RGB. Colors outside sRGB come out below 0 or above 1. */
export function labToLinear(lightness: number, a: number, b: number): [number, number, number] {
  const m = XYZ_TO_RGB;
  const fy = (lightness + 16) / 116;
  const x = WHITE[0] * labInverseF(fy + a / 500);
  const y = labInverseF(fy);
  const z = WHITE[2] * labInverseF(fy - b / 200);
  return [m[0]! * x + m[1]! * y + m[2]! * z, m[3]! * x + m[4]! * y + m[5]! * z, m[6]! * x + m[7]! * y + m[8]! * z];
}

/** Converts gamma-coded sRGB (0..1; divide 8-bit codes by 255) to L*, a*, b*. */
export function rgbToLab(r: number, g: number, b: number): [number, number, number] {
  return linearToLab(srgbToLinear(r), srgbToLinear(g), srgbToLinear(b));
}

/** Converts L*, a*, b* to gamma-coded sRGB (0..1). Colors outside sRGB are not clipped; see `chroma.ts`. */
export function labToRgb(lightness: number, a: number, b: number): [number, number, number] {
  const [r, g, blue] = labToLinear(lightness, a, b);
  return [linearToSrgb(r), linearToSrgb(g), linearToSrgb(blue)];
}

/**
 * Converts 8-bit RGBA pixels to L*, a*, b*.
 *
 * @param rgba - `[pixels, 4]`, alpha ignored
 * @returns `[pixels, 3]`
 */
export function rgbaToLab(rgba: Uint8Array | Uint8ClampedArray): Float32Array {
  const pixels = rgba.length >> 2;
  const lab = new Float32Array(pixels * 3);
  for (let i = 0; i < pixels; i++) {
    lab.set(linearToLab(LINEAR[rgba[4 * i]!]!, LINEAR[rgba[4 * i + 1]!]!, LINEAR[rgba[4 * i + 2]!]!), 3 * i);
  }
  return lab;
}

/**
 * Scales a grey plane for the network: `L*(grey) / 50 - 1`, in -1..1.
 *
 * @param grey - gamma-coded, 0..255, fractions allowed (a resized picture has them)
 */
export function greyToNetwork(grey: Float32Array): Float32Array {
  return grey.map((value) => greyToLightness(value / 255) / LIGHTNESS_SCALE - 1);
}

/** Scales the network's outputs (-1..1) to a*, b*: times 127. */
export function networkToChroma(output: Float32Array): Float32Array {
  return output.map((value) => value * CHROMA_SCALE);
}
