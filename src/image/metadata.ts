/** Metadata blocks of image files: correcting EXIF that no longer holds, and seeing whether a profile is sRGB. */

/** What is carried from an input file to the output made from it. */
export interface KeptMetadata {
  /** TIFF structure, Orientation 1. */
  readonly exif?: Uint8Array;
  /** A profile that fits the pixels: sRGB. */
  readonly icc?: Uint8Array;
  readonly xmp?: string;
  /** Pixels per inch. */
  readonly density?: number;
}

const ORIENTATION = 0x0112;
const EXIF_IFD = 0x8769;
const COLOR_SPACE = 0xa001;

/**
 * Corrects an EXIF block for a picture that was turned upright, converted to sRGB and recoloured: Orientation becomes 1,
 * ColorSpace sRGB (1), and the thumbnail, which shows the old picture, is unlinked.
 *
 * @param exif - with or without the leading `Exif\0\0`; not changed
 * @returns the TIFF structure without `Exif\0\0`, or undefined where it cannot be read
 */
export function updateExif(exif: Uint8Array): Uint8Array<ArrayBuffer> | undefined {
  const prefixed = exif[0] === 0x45 && exif[1] === 0x78; // 'Ex'
  // Not slice(): a Buffer's would share its memory.
  const tiff = new Uint8Array(exif.subarray(prefixed ? 6 : 0));
  const view = new DataView(tiff.buffer);
  try {
    const little = view.getUint16(0) === 0x4949; // 'II'
    /** Sets short values of one directory and returns its entries' long values by tag. */
    const walk = (offset: number, shorts: Record<number, number>) => {
      const count = view.getUint16(offset, little);
      const longs = new Map<number, number>();
      for (let at = offset + 2; at < offset + 2 + count * 12; at += 12) {
        const tag = view.getUint16(at, little);
        const value = shorts[tag];
        // Type 3, SHORT: two bytes at the start of the value field.
        if (value !== undefined && view.getUint16(at + 2, little) === 3) view.setUint16(at + 8, value, little);
        longs.set(tag, view.getUint32(at + 8, little));
      }
      return { longs, end: offset + 2 + count * 12 };
    };
    const first = walk(view.getUint32(4, little), { [ORIENTATION]: 1 });
    view.setUint32(first.end, 0, little);
    const details = first.longs.get(EXIF_IFD);
    if (details) walk(details, { [COLOR_SPACE]: 1 });
    return tiff;
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

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
  const text = (offset: number) => String.fromCharCode(...icc.subarray(offset, offset + 4));
  const fixed = (offset: number) => view.getInt32(offset) / 65536;
  try {
    if (text(16) !== 'RGB ') return false;
    const tags = new Map<string, number>();
    for (let i = 0, at = 132; i < view.getUint32(128); i++, at += 12) tags.set(text(at), view.getUint32(at + 4));
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
      return at !== undefined && expected.every((y, i) => Math.abs(toneCurve(at, (i + 1) / 4) - y) < SRGB_TOLERANCE);
    });
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }

  /** ICC.1:2022, 10.6 curveType and 10.18 parametricCurveType (type 3, the one that can be sRGB). */
  function toneCurve(at: number, x: number): number {
    if (text(at) === 'para') {
      if (view.getUint16(at + 8) !== 3) return Number.NaN;
      const [g, a, b, c, d] = [0, 1, 2, 3, 4].map((i) => fixed(at + 12 + 4 * i)) as [
        number,
        number,
        number,
        number,
        number,
      ];
      return x >= d ? (a * x + b) ** g : c * x;
    }
    const count = view.getUint32(at + 8);
    if (text(at) !== 'curv' || count < 2) return Number.NaN;
    const position = x * (count - 1);
    const index = Math.floor(position);
    const low = view.getUint16(at + 12 + 2 * index);
    const high = view.getUint16(at + 12 + 2 * Math.min(index + 1, count - 1));
    return (low + (high - low) * (position - index)) / 65535;
  }
}
