/** Notes of a picture in the files made of it: what a format holds, where, and what it cannot hold. */
import { insertGifComments } from '../file/gif.ts';
import { insertNotes } from '../file/jpeg.ts';
import { iptcToText, PNG_IPTC } from '../file/photoshop.ts';
import { insertChunks } from '../file/png.ts';
import { textChunk } from '../file/png_text.ts';
import { type Resolution, resolutionTags } from '../file/resolution.ts';
import { encodeTree, opaque, readDirectories, type Tree, text, treeOf } from '../file/tiff.ts';
import type { OutputFormat } from './formats.ts';
import { addToExif, type KeptMetadata, type TextNote } from './metadata.ts';
import { physical } from './png.ts';

/** PNG's keywords, and `Comment` of JPEG files, by the EXIF tag of the same meaning. */
const EXIF_TEXTS: Readonly<Record<string, number>> = {
  Title: 269,
  Description: 270,
  Comment: 270,
  Software: 305,
  Author: 315,
  Copyright: 33432,
};
const IPTC = 33723;

/** What `embed` puts into the encoded file. */
interface Held {
  readonly exif?: Uint8Array;
  readonly iptc?: Uint8Array;
  readonly texts: readonly TextNote[];
  readonly resolution?: Resolution;
}

/**
 * Reduces notes to what a format can hold.
 *
 * @param path - starts the warnings
 * @returns the EXIF block for the encoder, what is put in afterwards, and what was lost, one line each
 */
export function fitNotes(
  path: string,
  format: OutputFormat,
  notes: KeptMetadata,
): { exif: Uint8Array | undefined; held: Held; warnings: string[] } {
  const { iptc, texts = [], resolution, xmp } = notes;
  const lost: string[] = [];
  let { exif } = notes;
  if (!format.exif) {
    if (exif) lost.push('EXIF');
    if (xmp) lost.push('XMP');
    if (resolution) lost.push('the resolution');
    exif = undefined;
  }
  if (iptc && !format.iptc) lost.push('IPTC');
  if (format.texts === 'exif') {
    const fields: Tree = new Map();
    for (const { keyword, text: value } of texts) {
      const tag = Object.hasOwn(EXIF_TEXTS, keyword) ? EXIF_TEXTS[keyword]! : undefined;
      if (tag === undefined || fields.has(tag)) lost.push(`the text '${keyword}'`);
      else fields.set(tag, text(value));
    }
    if (fields.size) exif = addToExif(exif, fields, false);
    // Without a place of their own for it.
    if (resolution) exif = addToExif(exif, resolutionTags(resolution), true);
  }
  const held: Held = {
    ...(exif && { exif }),
    ...(iptc && format.iptc && { iptc }),
    texts: format.texts === 'all' ? texts : [],
    ...(resolution && { resolution }),
  };
  const list = lost.length > 1 ? `${lost.slice(0, -1).join(', ')} and ${lost.at(-1)}` : lost[0];
  return { exif, held, warnings: list ? [`${path}: ${format.name} cannot hold ${list} – left out`] : [] };
}

/** Puts notes that the encoder does not know into the encoded file. */
export function embed({ id }: OutputFormat, file: Uint8Array, held: Held): Uint8Array {
  const { iptc, texts, resolution, exif } = held;
  const comments = texts.map(({ keyword, text }) => (keyword === 'Comment' ? text : `${keyword}: ${text}`));
  if (id === 'gif') return comments.length ? insertGifComments(file, comments) : file;
  if (id === 'jpeg') {
    return insertNotes(file, { comments, ...(iptc && { iptc }), ...(resolution && { resolution }) });
  }
  if (id === 'png') {
    return insertChunks(file, [
      ...(resolution ? [physical(resolution)] : []),
      ...(iptc ? [textChunk(PNG_IPTC, iptcToText(iptc))] : []),
      ...texts.map(({ keyword, text }) => textChunk(keyword, text)),
    ]);
  }
  if (id === 'tiff') return intoTiff(file, exif, iptc);
  return file;
}

/** Tags of EXIF's first directory that TIFF files have too, and that say how the pixels are stored. */
const STORED = [256, 257, 258, 259, 262, 273, 274, 277, 278, 279, 284, 513, 514, 529, 530, 531, 532];

/** Writes the first directory anew behind the pixels, with more in it. */
function intoTiff(file: Uint8Array, exif: Uint8Array | undefined, iptc: Uint8Array | undefined): Uint8Array {
  const [directory] = readDirectories(file);
  if (!directory || (!exif && !iptc)) return file;
  const tree = treeOf(file, directory);
  const [told] = exif ? readDirectories(exif) : [];
  if (exif && told) for (const [tag, field] of treeOf(exif, told)) if (!STORED.includes(tag)) tree.set(tag, field);
  if (iptc) tree.set(IPTC, opaque(iptc));
  const at = file.length + (file.length % 2);
  const added = encodeTree(tree, at);
  const whole = new Uint8Array(at + added.length);
  whole.set(file);
  whole.set(added, at);
  new DataView(whole.buffer).setUint32(4, at, true);
  return whole;
}
