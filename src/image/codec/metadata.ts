/** Metadata carried from an input file to the output made from it, and EXIF corrected where it no longer holds. */
import type { Resolution } from '../file/resolution.ts';
import { encodeTiff, readDirectories, type Tree, treeOf } from '../file/tiff.ts';

/** What is carried from an input file to the output made from it. */
export interface KeptMetadata {
  /** TIFF structure, Orientation 1. */
  readonly exif?: Uint8Array;
  /** A profile that fits the pixels: sRGB. */
  readonly icc?: Uint8Array;
  readonly xmp?: string;
  /** IPTC datasets (IIM): captions, keywords, by-lines. */
  readonly iptc?: Uint8Array;
  readonly resolution?: Resolution;
  /** Text chunks of PNG files, and comments of JPEG and GIF files under the keyword `Comment`. */
  readonly texts?: readonly TextNote[];
}

/** A text with a name, as PNG files hold them. */
export interface TextNote {
  readonly keyword: string;
  readonly text: string;
}

/** Adds fields to an EXIF block, or makes one of them. Fields that are there already stay, unless they must change. */
export function addToExif(exif: Uint8Array | undefined, fields: Tree, replace: boolean): Uint8Array {
  const [directory] = exif ? readDirectories(exif) : [];
  const tree: Tree = exif && directory ? treeOf(exif, directory) : new Map();
  for (const [tag, field] of fields) if (replace || !tree.has(tag)) tree.set(tag, field);
  return encodeTiff(tree);
}

const ORIENTATION = 0x0112;
const EXIF_IFD = 0x8769;
const COLOR_SPACE = 0xa001;

/**
 * Corrects an EXIF block for a picture that was turned upright, converted to sRGB and recolored: Orientation becomes 1,
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
