/** Notes of image files beside their pixels, gathered from where each format keeps it. */
import type { Metadata } from 'sharp';
import { readGifComments } from '../file/gif.ts';
import { readNotes } from '../file/jpeg.ts';
import { iptcFromText, iptcOf, PNG_IPTC } from '../file/photoshop.ts';
import { readChunks } from '../file/png.ts';
import { readTexts } from '../file/png_text.ts';
import { fromMeters, type Resolution, resolutionOf } from '../file/resolution.ts';
import { type Directory, encodeTiff, readDirectories, type Tree, treeOf } from '../file/tiff.ts';
import { TAG } from '../file/tiff_layout.ts';
import { type KeptMetadata, updateExif } from './metadata.ts';

/**
 * Tags of a TIFF page that say what is shown, not how it is stored: document and page name, description, make, model,
 * software, date, artist, host, the texts of Windows, copyright, EXIF and GPS.
 */
const TOLD = [
  269, 270, 271, 272, 285, 305, 306, 315, 316, 0x9c9b, 0x9c9c, 0x9c9d, 0x9c9e, 0x9c9f, 33432, 0x8769, 0x8825,
];
const XMP = 700;
const IPTC = 33723;
const PHOTOSHOP = 34377;

/** Gathers what a TIFF page says. */
export function notesOfTiff(file: Uint8Array, directory: Directory): KeptMetadata {
  const whole = treeOf(file, directory);
  const told: Tree = new Map([...whole].filter(([tag]) => TOLD.includes(tag)));
  const exif = told.size ? updateExif(encodeTiff(told)) : undefined;
  const xmp = directory.get(XMP)?.bytes;
  const resources = directory.get(PHOTOSHOP)?.bytes;
  const iptc = directory.get(IPTC)?.bytes ?? (resources && iptcOf(resources));
  const icc = directory.get(TAG.icc)?.bytes;
  return notes({
    exif,
    icc,
    xmp: xmp && upright(new TextDecoder().decode(xmp)),
    iptc,
    resolution: resolutionOf(directory),
  });
}

/** Gathers what a file of another kind says. */
export async function notesOf(file: Uint8Array, header: Metadata): Promise<KeptMetadata> {
  const exif = header.exif && updateExif(header.exif);
  const xmp = header.xmp && upright(header.xmp.toString('utf8'));
  const { icc } = header;
  const fromExif = () => resolutionOf(exif && readDirectories(exif)[0]);
  if (header.format === 'jpeg') {
    const { photoshop, comments, resolution } = readNotes(file);
    const texts = comments.filter((text) => text.trim()).map((text) => ({ keyword: 'Comment', text }));
    return notes({ exif, icc, xmp, iptc: photoshop && iptcOf(photoshop), texts, resolution: resolution ?? fromExif() });
  }
  if (header.format === 'gif') {
    const texts = readGifComments(file).map((text) => ({ keyword: 'Comment', text }));
    return notes({ exif, icc, xmp, texts, resolution: fromExif() });
  }
  if (header.format === 'png') {
    const all = await readTexts(file);
    const raw = all.find(({ keyword }) => keyword === PNG_IPTC)?.text;
    const texts = all.filter(
      ({ keyword }) => !keyword.startsWith('Raw profile type ') && !keyword.startsWith('XML:com.'),
    );
    return notes({
      exif,
      icc,
      xmp,
      iptc: raw ? iptcFromText(raw) : undefined,
      texts,
      resolution: pngResolution(file) ?? fromExif(),
    });
  }
  return notes({ exif, icc, xmp, resolution: fromExif() });
}

/** XMP may repeat the orientation that was applied to the pixels. */
function upright(xmp: string): string {
  return xmp.replace(/(tiff:Orientation(?:="|>))\d/g, '$11');
}

function pngResolution(file: Uint8Array): Resolution | undefined {
  const data = readChunks(file).find(({ type }) => type === 'pHYs')?.data;
  if (data?.length !== 9 || data[8] !== 1) return undefined;
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  return fromMeters(view.getUint32(0), view.getUint32(4));
}

type Found = { [K in keyof KeptMetadata]: KeptMetadata[K] | undefined };

/** Only what there is. */
function notes({ exif, icc, xmp, iptc, resolution, texts }: Found): KeptMetadata {
  return {
    ...(exif && { exif }),
    ...(icc && { icc }),
    ...(xmp && { xmp }),
    ...(iptc && { iptc }),
    ...(resolution && { resolution }),
    ...(texts?.length && { texts }),
  };
}
