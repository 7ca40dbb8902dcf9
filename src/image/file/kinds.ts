/** Kinds of files that are no pictures this program can read, known by their first bytes: what they are, and what helps. */

import { brandsOf, codingOf, type ImageKind, kindOfBytes } from './sniff.ts';

/** What a file is, and what to do, as error messages say it. */
export interface Kind {
  readonly what: string;
  readonly todo: string;
}

const CONVERT = 'convert it to JPEG or PNG';
const DEVELOP = 'develop it to TIFF or JPEG in a raw converter';

export const HEIC: Kind = {
  what: 'a HEIC picture (HEVC)',
  todo: `${CONVERT}, or build sharp with a libheif that has HEVC, as the one from npm has not`,
};
export const CAMERA_RAW: Kind = { what: "a camera's raw file", todo: DEVELOP };

/** Pictures that nobody here can read. */
const UNREAD: Partial<Record<ImageKind, Kind>> = {
  jp2: { what: 'a JPEG 2000 picture', todo: CONVERT },
  jxl: { what: 'a JPEG XL picture', todo: CONVERT },
};

const VIDEO: Kind = { what: 'a video', todo: 'save a frame of it as PNG' };

/** What is no such picture. Beginnings: latin-1 text at an offset. */
const BEGINNINGS: readonly (readonly [offset: number, begin: string, kind: Kind])[] = [
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
  [0, '\x1aE\xdf\xa3', VIDEO],
  [0, '\0\0\x01\xba', VIDEO],
  [8, 'AVI ', VIDEO],
  [0, 'PK\x03\x04', { what: 'a ZIP archive', todo: 'unpack it' }],
  [0, 'version https://git-lfs', { what: 'a Git LFS pointer, not the file itself', todo: "run 'git lfs pull'" }],
];

/** Recognizes a file's kind; undefined where it is none of those known here. */
export function foreignKind(file: Uint8Array): Kind | undefined {
  const brands = brandsOf(file);
  if (brands) return mediaKind(brands);
  const kind = kindOfBytes(file);
  if (kind) return UNREAD[kind];
  const text = (from: number, to: number) => String.fromCharCode(...file.subarray(from, to));
  return BEGINNINGS.find(([offset, begin]) => text(offset, offset + begin.length) === begin)?.[2];
}

function mediaKind(brands: readonly string[]): Kind | undefined {
  const coding = codingOf(brands);
  if (coding === 'avif') return undefined;
  if (coding === 'hevc') return HEIC;
  if (coding === 'heif') return { what: 'a HEIF picture that is no AVIF', todo: CONVERT };
  return brands.includes('crx ') ? CAMERA_RAW : VIDEO;
}
