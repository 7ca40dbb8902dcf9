/**
 * TIFF structure: directories of tags, in TIFF files (6.0 and BigTIFF) and in EXIF blocks. Pixels are not read here.
 *
 * Nobody vouches for these bytes: offsets may point anywhere and directories may form a ring. What lies outside the file
 * is left out, and nothing is copied while reading.
 */

/** One tag's values. */
export interface Field {
  /** 1 BYTE, 2 ASCII, 3 SHORT, 4 LONG, 5 RATIONAL, 7 UNDEFINED … (TIFF 6.0, section 2). */
  readonly type: number;
  readonly count: number;
  /** In the byte order of `little`. */
  readonly bytes: Uint8Array;
  readonly little: boolean;
}

/** Fields by tag. */
export type Directory = ReadonlyMap<number, Field>;

/** A directory with those below it, where a tag (EXIF, GPS) points to one. */
export type Tree = Map<number, Field | Tree>;

/** Bytes of a value, by type; 0 where there is no such type. 16 to 18 are BigTIFF's. */
const SIZES = [0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4, 0, 0, 8, 8, 8];
const MOST_DIRECTORIES = 4096;
const MOST_FIELDS = 256;

interface Layout {
  readonly view: DataView;
  readonly little: boolean;
  readonly big: boolean;
}

function layoutOf(file: Uint8Array): Layout | undefined {
  if (file.length < 16) return undefined;
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const order = view.getUint16(0);
  if (order !== 0x4949 && order !== 0x4d4d) return undefined;
  const little = order === 0x4949;
  const version = view.getUint16(2, little);
  return version === 42 || version === 43 ? { view, little, big: version === 43 } : undefined;
}

function offsetAt({ view, little, big }: Layout, at: number): number {
  return big ? Number(view.getBigUint64(at, little)) : view.getUint32(at, little);
}

/** Reads the directories of a file, in order; none where it is no TIFF. */
export function readDirectories(file: Uint8Array): Directory[] {
  const layout = layoutOf(file);
  return layout ? chain(file, layout, offsetAt(layout, layout.big ? 8 : 4)) : [];
}

/** Reads the directories that a tag of another points to. */
export function directoriesBelow(file: Uint8Array, directory: Directory, tag: number): Directory[] {
  const layout = layoutOf(file);
  const offsets = numbersOf(directory.get(tag)).slice(0, 16);
  return layout ? offsets.flatMap((offset) => chain(file, layout, offset).slice(0, 1)) : [];
}

function chain(file: Uint8Array, layout: Layout, first: number): Directory[] {
  const { view, little, big } = layout;
  const [head, step] = big ? [8, 20] : [2, 12];
  const directories: Directory[] = [];
  const seen = new Set<number>();
  for (let offset = first; offset && !seen.has(offset) && directories.length < MOST_DIRECTORIES; ) {
    seen.add(offset);
    if (offset + head > file.length) break;
    const count = big ? Number(view.getBigUint64(offset, little)) : view.getUint16(offset, little);
    const end = offset + head + count * step;
    if (end > file.length) break;
    const fields = new Map<number, Field>();
    for (let i = 0, at = offset + head; i < Math.min(count, MOST_FIELDS); i++, at += step) {
      const field = fieldAt(file, layout, at);
      if (field) fields.set(view.getUint16(at, little), field);
    }
    directories.push(fields);
    if (end + (big ? 8 : 4) > file.length) break;
    offset = offsetAt(layout, end);
  }
  return directories;
}

function fieldAt(file: Uint8Array, layout: Layout, at: number): Field | undefined {
  const { view, little, big } = layout;
  const type = view.getUint16(at + 2, little);
  const count = offsetAt(layout, at + 4);
  const length = count * (SIZES[type] ?? 0);
  const inline = at + (big ? 12 : 8);
  const start = length <= (big ? 8 : 4) ? inline : offsetAt(layout, inline);
  if (length === 0 || start + length > file.length) return undefined;
  return { type, count, bytes: file.subarray(start, start + length), little };
}

/** Returns a field's numbers, at most 65,536; none where there are none. Fractions are divided. */
export function numbersOf(field: Field | undefined): number[] {
  if (!field) return [];
  const { type, bytes, little } = field;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const read = (at: number): number => {
    switch (type) {
      case 3:
        return view.getUint16(at, little);
      case 4:
      case 13:
        return view.getUint32(at, little);
      case 5:
        return view.getUint32(at, little) / view.getUint32(at + 4, little);
      case 8:
        return view.getInt16(at, little);
      case 9:
        return view.getInt32(at, little);
      case 10:
        return view.getInt32(at, little) / view.getInt32(at + 4, little);
      case 11:
        return view.getFloat32(at, little);
      case 12:
        return view.getFloat64(at, little);
      case 16:
      case 18:
        return Number(view.getBigUint64(at, little));
      default:
        return view.getUint8(at);
    }
  };
  const size = SIZES[type]!;
  return Array.from({ length: Math.min(field.count, 65536) }, (_, i) => read(i * size));
}

/** Tags whose value is a directory: EXIF, GPS, interoperability. */
const BELOW = [0x8769, 0x8825, 0xa005];

/** Reads a directory with its EXIF and GPS directories. */
export function treeOf(file: Uint8Array, directory: Directory, depth = 0): Tree {
  const tree: Tree = new Map(directory);
  for (const tag of BELOW) {
    if (!directory.has(tag)) continue;
    const [below] = depth < 2 ? directoriesBelow(file, directory, tag) : [];
    if (below) tree.set(tag, treeOf(file, below, depth + 1));
    else tree.delete(tag);
  }
  return tree;
}

/** Makes a TIFF structure of one tree, as EXIF blocks are: little-endian. */
export function encodeTiff(tree: Tree): Uint8Array<ArrayBuffer> {
  const body = encodeTree(tree, 8);
  const file = new Uint8Array(8 + body.length);
  file.set([0x49, 0x49, 42, 0, 8, 0, 0, 0]);
  file.set(body, 8);
  return file;
}

/**
 * Encodes a tree as it stands in a little-endian TIFF.
 *
 * @param at - its place in the file, in bytes; even
 */
export function encodeTree(tree: Tree, at: number): Uint8Array<ArrayBuffer> {
  const entries = [...tree].sort(([a], [b]) => a - b);
  const parts: Uint8Array[] = [];
  const head = new Uint8Array(2 + 12 * entries.length + 4);
  let end = at + head.length;
  const put = (bytes: Uint8Array): number => {
    const start = end;
    parts.push(bytes, new Uint8Array(bytes.length % 2));
    end += bytes.length + (bytes.length % 2);
    return start;
  };
  const view = new DataView(head.buffer);
  view.setUint16(0, entries.length, true);
  for (const [i, [tag, value]] of entries.entries()) {
    const start = 2 + 12 * i;
    const { type, count, bytes } = value instanceof Map ? longs([put(encodeTree(value, end))]) : inLittle(value);
    view.setUint16(start, tag, true);
    view.setUint16(start + 2, type, true);
    view.setUint32(start + 4, count, true);
    if (bytes.length <= 4) head.set(bytes, start + 8);
    else view.setUint32(start + 8, put(bytes), true);
  }
  const all = new Uint8Array(end - at);
  let to = 0;
  for (const part of [head, ...parts]) {
    all.set(part, to);
    to += part.length;
  }
  return all;
}

function inLittle(field: Field): Field {
  // A rational is two numbers of four bytes.
  const size = field.type === 5 || field.type === 10 ? 4 : SIZES[field.type]!;
  if (field.little || size === 1) return field;
  // Not slice(): a Buffer's would share its memory.
  const bytes = new Uint8Array(field.bytes);
  for (let at = 0; at < bytes.length; at += size) bytes.subarray(at, at + size).reverse();
  return { ...field, bytes, little: true };
}

/** A field of whole numbers below 2^16. */
export function shorts(values: readonly number[]): Field {
  return numbered(3, values, 2, (view, at, value) => view.setUint16(at, value, true));
}

/** A field of whole numbers below 2^32. */
export function longs(values: readonly number[]): Field {
  return numbered(4, values, 4, (view, at, value) => view.setUint32(at, value, true));
}

/** A field of one fraction; numbers that are not whole are kept to a ten-thousandth. */
export function rational(value: number): Field {
  const below = Number.isInteger(value) ? 1 : 10_000;
  return { ...longs([Math.round(value * below), below]), type: 5, count: 1 };
}

/** A field of text, in UTF-8. */
export function text(value: string): Field {
  const bytes = new TextEncoder().encode(`${value}\0`);
  return { type: 2, count: bytes.length, bytes, little: true };
}

/** A field of bytes that say nothing of themselves. */
export function opaque(bytes: Uint8Array): Field {
  return { type: 7, count: bytes.length, bytes, little: true };
}

function numbered(
  type: number,
  values: readonly number[],
  size: number,
  set: (view: DataView, at: number, value: number) => void,
): Field {
  const bytes = new Uint8Array(values.length * size);
  const view = new DataView(bytes.buffer);
  for (const [i, value] of values.entries()) set(view, i * size, value);
  return { type, count: values.length, bytes, little: true };
}
