/** Kinds of files that are no pictures this program can read, known by their first bytes: what they are, and what helps. */

/** What a file is, and what to do, as error messages say it. */
export interface Kind {
  readonly what: string;
  readonly todo: string;
}

const CONVERT = 'convert it to JPEG or PNG';
const DEVELOP = 'develop it to TIFF or JPEG in a raw converter';

/** Brands of ISO base media files (`ftyp`): the picture formats, then what is left is a video. */
const HEVC = ['heic', 'heix', 'heim', 'heis', 'hevc', 'hevx', 'hevm', 'hevs'];
const AVIF = ['avif', 'avis'];

export const HEIC: Kind = {
  what: 'a HEIC picture (HEVC)',
  todo: `${CONVERT}, or build sharp with a libheif that has HEVC, as the one from npm has not`,
};
export const CAMERA_RAW: Kind = { what: "a camera's raw file", todo: DEVELOP };

/** Beginnings: latin-1 text at an offset. */
const BEGINNINGS: readonly (readonly [offset: number, begin: string, kind: Kind])[] = [
  [0, '\0\0\0\x0cjP  ', { what: 'a JPEG 2000 picture', todo: CONVERT }],
  [0, '\xff\x4f\xff\x51', { what: 'a JPEG 2000 picture', todo: CONVERT }],
  [0, '\0\0\0\x0cJXL ', { what: 'a JPEG XL picture', todo: CONVERT }],
  [0, '\xff\x0a', { what: 'a JPEG XL picture', todo: CONVERT }],
  [0, '%PDF-', { what: 'a PDF document', todo: 'export its pictures as JPEG or PNG' }],
  [0, '8BPS', { what: 'a Photoshop document', todo: 'save it as TIFF or PNG' }],
  [0, 'gimp xcf', { what: 'a GIMP document', todo: 'export it as PNG' }],
  [0, 'FUJIFILMCCD-RAW', CAMERA_RAW],
  [0, 'IIRO', CAMERA_RAW],
  [0, 'IIRS', CAMERA_RAW],
  [0, 'IIU\0', CAMERA_RAW],
  [0, '\0MRM', CAMERA_RAW],
  [0, 'FOVb', CAMERA_RAW],
  [0, 'II\xbc\x01', { what: 'a JPEG XR picture', todo: CONVERT }],
  [0, '\x1aE\xdf\xa3', { what: 'a video', todo: 'save a frame of it as PNG' }],
  [0, '\0\0\x01\xba', { what: 'a video', todo: 'save a frame of it as PNG' }],
  [8, 'AVI ', { what: 'a video', todo: 'save a frame of it as PNG' }],
  [0, 'PK\x03\x04', { what: 'a ZIP archive', todo: 'unpack it' }],
  [0, 'version https://git-lfs', { what: 'a Git LFS pointer, not the file itself', todo: "run 'git lfs pull'" }],
];

/** Recognizes a file's kind; undefined where it is none of those known here. */
export function foreignKind(file: Uint8Array): Kind | undefined {
  const text = (from: number, to: number) => String.fromCharCode(...file.subarray(from, to));
  if (text(4, 8) === 'ftyp') return mediaKind(text(8, Math.min((file[2]! << 8) | file[3]!, 256)));
  return BEGINNINGS.find(([offset, begin]) => text(offset, offset + begin.length) === begin)?.[2];
}

/** @param brands - the major brand, its version, then the compatible ones, four letters each */
function mediaKind(brands: string): Kind | undefined {
  const has = (wanted: readonly string[]) => wanted.some((brand) => brands.includes(brand));
  if (has(AVIF)) return undefined;
  if (has(HEVC)) return HEIC;
  if (has(['mif1', 'msf1'])) return { what: 'a HEIF picture that is no AVIF', todo: CONVERT };
  if (has(['crx '])) return CAMERA_RAW;
  return { what: 'a video', todo: 'save a frame of it as PNG' };
}
