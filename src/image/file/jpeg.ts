/** Segments of JPEG files before the pixels: comments, IPTC, resolution; read, and put into a file. */
import { concat, fromLatin, latin, utf8OrLatin } from './bytes.ts';
import { photoshopOf } from './photoshop.ts';
import type { Resolution } from './resolution.ts';

const APP0 = 0xe0;
const APP13 = 0xed;
const COM = 0xfe;
const START_OF_SCAN = 0xda;
const PHOTOSHOP = 'Photoshop 3.0\0';
const JFIF = 'JFIF\0';
/** Bytes that a segment can hold beside its length. */
const MOST = 65533;

export interface Segment {
  readonly marker: number;
  readonly data: Uint8Array;
  /** In the file, in bytes: of the marker, and behind the segment. */
  readonly start: number;
  readonly end: number;
}

/** Reads the segments before the first scan; none where it is no JPEG. Nothing is copied. */
export function readSegments(file: Uint8Array): Segment[] {
  const segments: Segment[] = [];
  if (file[0] !== 0xff || file[1] !== 0xd8) return segments;
  let at = 2;
  while (at + 4 <= file.length && file[at] === 0xff) {
    const marker = file[at + 1]!;
    // Fill bytes, and markers without a length.
    if (marker === 0xff) {
      at++;
      continue;
    }
    if (marker === START_OF_SCAN) break;
    const end = at + 2 + ((file[at + 2]! << 8) | file[at + 3]!);
    if (end > file.length || end < at + 4) break;
    segments.push({ marker, data: file.subarray(at + 4, end), start: at, end });
    at = end;
  }
  return segments;
}

/** What sharp does not tell of a JPEG. */
export interface JpegNotes {
  /** Photoshop image resources, of all segments in a row. */
  readonly photoshop?: Uint8Array;
  readonly comments: readonly string[];
  readonly resolution?: Resolution;
}

/** Reads comments, Photoshop's resources (IPTC among them) and the resolution of the JFIF header. */
export function readNotes(file: Uint8Array): JpegNotes {
  const segments = readSegments(file);
  const begins = (data: Uint8Array, text: string) => fromLatin(data.subarray(0, text.length)) === text;
  const of = (marker: number, text = '') => segments.filter((s) => s.marker === marker && begins(s.data, text));
  const photoshop = of(APP13, PHOTOSHOP).map(({ data }) => data.subarray(PHOTOSHOP.length));
  const [jfif] = of(APP0, JFIF);
  const unit = ([undefined, 'inch', 'cm'] as const)[jfif?.data[7] ?? 0];
  const [x, y] = [8, 10].map((i) => ((jfif?.data[i] ?? 0) << 8) | (jfif?.data[i + 1] ?? 0)) as [number, number];
  return {
    ...(photoshop.length && { photoshop: concat(photoshop) }),
    comments: of(COM).map(({ data }) => utf8OrLatin(data)),
    ...(unit && x && y && { resolution: { x, y, unit } }),
  };
}

/**
 * Puts notes into a JPEG: the resolution into the JFIF header, the others behind the segments that applications own.
 *
 * @param notes - `iptc` as IIM datasets
 */
export function insertNotes(
  file: Uint8Array,
  notes: { iptc?: Uint8Array; comments: readonly string[]; resolution?: Resolution },
): Uint8Array {
  const { iptc, comments, resolution } = notes;
  const segments = readSegments(file);
  const [first] = segments;
  const jfif = first?.marker === APP0 && fromLatin(first.data.subarray(0, 5)) === JFIF ? first : undefined;
  const isApplication = (marker: number) => marker >= APP0 && marker <= 0xef;
  const middle = segments.findLast(({ marker }) => isApplication(marker))?.end ?? 2;
  const head = resolution ? segment(APP0, jfifHeader(resolution)) : file.subarray(2, jfif?.end ?? 2);
  const parts = iptc ? inParts(photoshopOf(iptc), MOST - PHOTOSHOP.length) : [];
  return concat([
    file.subarray(0, 2),
    head,
    file.subarray(jfif?.end ?? 2, middle),
    ...parts.map((part) => segment(APP13, concat([latin(PHOTOSHOP), part]))),
    ...comments.flatMap((text) => inParts(new TextEncoder().encode(text), MOST).map((part) => segment(COM, part))),
    file.subarray(middle),
  ]);
}

/** Puts a segment behind those of the same kind and below: APP1 behind APP0. @param data - at most 65,533 bytes */
export function insertSegment(file: Uint8Array, marker: number, data: Uint8Array): Uint8Array {
  const before = readSegments(file).findLast((one) => one.marker >= APP0 && one.marker <= marker);
  const at = before?.end ?? 2;
  return concat([file.subarray(0, at), segment(marker, data), file.subarray(at)]);
}

/** JFIF 1.02 without a thumbnail. Its numbers are whole: those of the unit that loses nothing, if there is one. */
function jfifHeader({ x, y, unit }: Resolution): Uint8Array {
  const whole = (factor: number) => [x * factor, y * factor].every((n) => Math.abs(n - Math.round(n)) < 1e-3);
  const other = unit === 'inch' ? 1 / 2.54 : 2.54;
  const change = !whole(1) && whole(other);
  const perInch = (unit === 'inch') !== change;
  const [a, b] = [x, y].map((n) => Math.min(Math.max(Math.round(change ? n * other : n), 1), 65535)) as [
    number,
    number,
  ];
  return concat([latin(JFIF), Uint8Array.of(1, 2, perInch ? 1 : 2, a >> 8, a, b >> 8, b, 0, 0)]);
}

function segment(marker: number, data: Uint8Array): Uint8Array {
  const length = data.length + 2;
  return concat([Uint8Array.of(0xff, marker, length >> 8, length), data]);
}

function inParts(data: Uint8Array, most: number): Uint8Array[] {
  return Array.from({ length: Math.ceil(data.length / most) }, (_, i) => data.subarray(i * most, (i + 1) * most));
}
