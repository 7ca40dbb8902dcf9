/** Kinds of image files: by how a file begins, and by how its name ends. Nothing is decoded here. */

export const IMAGE_KINDS = ['jpeg', 'png', 'gif', 'webp', 'tiff', 'bmp', 'heif', 'avif', 'jp2', 'jxl', 'svg'] as const;
export type ImageKind = (typeof IMAGE_KINDS)[number];

/** Bytes from a file's beginning that tell its kind; SVG may have a comment first. */
export const HEAD_BYTES = 1024;

/** Ends of names: lower case, with the dot. */
const EXTENSIONS: Readonly<Record<ImageKind, readonly string[]>> = {
  jpeg: ['.jpg', '.jpeg', '.jpe', '.jfif', '.jif', '.pjpeg'],
  png: ['.png'],
  gif: ['.gif'],
  webp: ['.webp'],
  tiff: ['.tif', '.tiff'],
  bmp: ['.bmp', '.dib'],
  heif: ['.heic', '.heif', '.hif'],
  avif: ['.avif'],
  jp2: ['.jp2', '.j2k', '.jpx'],
  jxl: ['.jxl'],
  svg: ['.svg'],
};
const BY_EXTENSION = new Map(IMAGE_KINDS.flatMap((kind) => EXTENSIONS[kind].map((end) => [end, kind] as const)));

/** The kind that an extension promises; undefined for one that is no picture's. @param extension with its dot, in any case */
export function kindOfExtension(extension: string): ImageKind | undefined {
  return BY_EXTENSION.get(extension.toLowerCase());
}

/** Characters as bytes; `?` stands for any byte. */
const SIGNATURES: readonly (readonly [kind: ImageKind, text: string])[] = [
  ['jpeg', '\xff\xd8\xff'],
  ['png', '\x89PNG\r\n\x1a\n'],
  ['gif', 'GIF87a'],
  ['gif', 'GIF89a'],
  ['webp', 'RIFF????WEBP'],
  ['tiff', 'II*\0'],
  ['tiff', 'MM\0*'],
  // BigTIFF.
  ['tiff', 'II+\0'],
  ['tiff', 'MM\0+'],
  // Two reserved words, both 0, stand between the size and the pixels' place.
  ['bmp', 'BM????\0\0\0\0'],
  ['jp2', '\0\0\0\x0cjP  '],
  ['jp2', '\xff\x4f\xff\x51'],
  ['jxl', '\0\0\0\x0cJXL '],
  ['jxl', '\xff\x0a'],
];

/** How the pictures of an ISO base media file are coded; `heif` where its brands do not tell. */
export type Coding = 'avif' | 'hevc' | 'heif';

/** Brands of ISO/IEC 23008-12 and of AVIF; the first that a file has counts. */
const BRANDS: readonly (readonly [coding: Coding, brands: readonly string[]])[] = [
  ['avif', ['avif', 'avis']],
  ['hevc', ['heic', 'heix', 'heim', 'heis', 'hevc', 'hevx', 'hevm', 'hevs']],
  ['heif', ['mif1', 'msf1']],
];

/** Brands of an ISO base media file, the major one first; undefined for any other file. */
export function brandsOf(file: Uint8Array): string[] | undefined {
  const text = (from: number) => String.fromCharCode(...file.subarray(from, from + 4));
  if (text(4) !== 'ftyp') return undefined;
  const end = Math.min((file[2]! << 8) | file[3]!, 256);
  const brands = [text(8)];
  for (let at = 16; at + 4 <= end; at += 4) brands.push(text(at));
  return brands;
}

/** How its pictures are coded; undefined where none of its brands is of pictures. */
export function codingOf(brands: readonly string[]): Coding | undefined {
  return BRANDS.find(([, known]) => known.some((brand) => brands.includes(brand)))?.[0];
}

/**
 * Tells the kind of an image file by how it begins.
 *
 * @param head at least the first 32 bytes where the file has so many; for SVG up to 1,024
 * @returns undefined for what is no image that this knows
 */
export function kindOfBytes(head: Uint8Array): ImageKind | undefined {
  const text = String.fromCharCode(...head.subarray(0, HEAD_BYTES));
  const begins = (signature: string) =>
    text.length >= signature.length && [...signature].every((byte, i) => byte === '?' || byte === text[i]);
  const found = SIGNATURES.find(([, signature]) => begins(signature));
  if (found) return found[0];
  const brands = brandsOf(head);
  if (brands) {
    const coding = codingOf(brands);
    return coding === 'hevc' ? 'heif' : coding;
  }
  const markup = text.replace(/^\xef\xbb\xbf/, '').trimStart();
  return markup.startsWith('<') && /<svg[\s>]/.test(markup) && !/<(!doctype )?html/i.test(markup) ? 'svg' : undefined;
}
