/** Color profiles (ICC.1:2022): whether one is sRGB, and what a grey one says. All else is left to the decoder. */
import { labToLinear } from '../color/lab.ts';

/** rXYZ, gXYZ, bXYZ of an sRGB profile (adapted to D50), from the sRGB profiles of HP (1998) and the ICC. */
const SRGB_COLUMNS: Record<string, readonly [number, number, number]> = {
  rXYZ: [0.436, 0.2225, 0.0139],
  gXYZ: [0.3851, 0.7169, 0.0971],
  bXYZ: [0.1431, 0.0606, 0.7139],
};
/** Half an 8-bit code, on the linear scale, where the curve is steepest. */
const SRGB_TOLERANCE = 0.002;

/**
 * Says whether an ICC profile is sRGB by its numbers, whatever its name: the same primaries, and a tone curve that
 * passes through sRGB's at a quarter, a half and three quarters. Such a picture needs no conversion.
 */
export function isSrgbProfile(icc: Uint8Array): boolean {
  const view = new DataView(icc.buffer, icc.byteOffset, icc.byteLength);
  const fixed = (offset: number) => view.getInt32(offset) / 65536;
  try {
    if (text(icc, 16) !== 'RGB ') return false;
    const tags = tagsOf(icc, view);
    // A table for device to connection space overrides matrix and curves.
    if (tags.has('A2B0')) return false;
    const primaries = Object.entries(SRGB_COLUMNS).every(([tag, column]) => {
      const at = tags.get(tag);
      return at !== undefined && column.every((x, i) => Math.abs(fixed(at + 8 + 4 * i) - x) < SRGB_TOLERANCE);
    });
    if (!primaries) return false;
    // Decoded values of 0.25, 0.5, 0.75 under IEC 61966-2-1.
    const expected = [0.05088, 0.21404, 0.52252];
    return ['rTRC', 'gTRC', 'bTRC'].every((tag) => {
      const at = tags.get(tag);
      return (
        at !== undefined && expected.every((y, i) => Math.abs(toneCurve(icc, at)((i + 1) / 4) - y) < SRGB_TOLERANCE)
      );
    });
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}

/** A function of 0..1. */
export type Curve = (x: number) => number;

/**
 * Reads a grey profile: how light a code is.
 *
 * @returns codes (0..1) to linear light (0..1); undefined where the profile is none for grey, or cannot be read
 */
export function greyCurve(icc: Uint8Array): Curve | undefined {
  const view = new DataView(icc.buffer, icc.byteOffset, icc.byteLength);
  try {
    if (text(icc, 16) !== 'GRAY') return undefined;
    const at = tagsOf(icc, view).get('kTRC');
    if (at === undefined) return undefined;
    const curve = toneCurve(icc, at);
    if (Number.isNaN(curve(0.5))) return undefined;
    // Where the connection space is Lab, the curve gives L*.
    const lab = text(icc, 20) === 'Lab ';
    return lab ? (x) => labToLinear(100 * curve(x), 0, 0)[1] : curve;
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

function text(icc: Uint8Array, offset: number): string {
  return String.fromCharCode(...icc.subarray(offset, offset + 4));
}

/** Offsets of a profile's tags by signature. */
function tagsOf(icc: Uint8Array, view: DataView): Map<string, number> {
  const tags = new Map<string, number>();
  const count = Math.min(view.getUint32(128), 256);
  for (let i = 0, at = 132; i < count; i++, at += 12) tags.set(text(icc, at), view.getUint32(at + 4));
  return tags;
}

/** Parameters of the five kinds of parametric curves, in their order in the file. */
const PARAMETERS = ['g', 'gab', 'gabc', 'gabcd', 'gabcdef'];

/**
 * Reads a tone curve: ICC.1:2022, 10.6 curveType and 10.18 parametricCurveType.
 *
 * @returns NaN for every x where the curve is of another kind
 * @throws RangeError where it reaches beyond the profile
 */
function toneCurve(icc: Uint8Array, at: number): Curve {
  const view = new DataView(icc.buffer, icc.byteOffset, icc.byteLength);
  const fixed = (offset: number) => view.getInt32(offset) / 65536;
  if (text(icc, at) === 'para') {
    const names = PARAMETERS[view.getUint16(at + 8)];
    if (!names) return () => Number.NaN;
    const p = Object.fromEntries([...names].map((name, i) => [name, fixed(at + 12 + 4 * i)]));
    const { g = 1, a = 1, b = 0, c = 0, e = 0, f = 0 } = p;
    // Kinds 1 and 2 begin where the power does, and kind 2 adds c everywhere.
    const shift = names === 'gabc' ? c : 0;
    const start = p.d ?? (names === 'g' ? 0 : -b / a);
    const slope = names.length > 4 ? c : 0;
    return (x) => (x >= start ? Math.max(a * x + b, 0) ** g + e + shift : slope * x + f + shift);
  }
  const count = view.getUint32(at + 8);
  if (text(icc, at) !== 'curv') return () => Number.NaN;
  if (count === 0) return (x) => x;
  if (count === 1) {
    const gamma = view.getUint16(at + 12) / 256;
    return (x) => x ** gamma;
  }
  // The last entry must be there.
  view.getUint16(at + 12 + 2 * (count - 1));
  return (x) => {
    const position = Math.min(Math.max(x, 0), 1) * (count - 1);
    const index = Math.floor(position);
    const low = view.getUint16(at + 12 + 2 * index);
    const high = view.getUint16(at + 12 + 2 * Math.min(index + 1, count - 1));
    return (low + (high - low) * (position - index)) / 65535;
  };
}
