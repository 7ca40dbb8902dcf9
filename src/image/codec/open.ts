/**
 * Image files brought into a form whose pixels sharp gives right: the page is chosen, what sharp misreads is rewritten
 * (docs/image-files.md has the table), and what no one here can read is refused by name.
 */
import type { Metadata, Sharp, SharpOptions } from 'sharp';
import { decodeBmp, isBmp } from '../file/bmp.ts';
import { CAMERA_RAW } from '../file/kinds.ts';
import { plainTiff } from '../file/plain_tiff.ts';
import { readChunks } from '../file/png.ts';
import { fromMeters } from '../file/resolution.ts';
import { rewriteTiff } from '../file/rewrite_tiff.ts';
import { readDirectories } from '../file/tiff.ts';
import { isCameraRaw, layoutOf, needsRewriting, picturePages, sizeOf } from '../file/tiff_layout.ts';
import { greyCurve, isSrgbProfile } from './icc.ts';
import type { KeptMetadata } from './metadata.ts';
import { notesOf, notesOfTiff } from './notes.ts';
import { pngTransfer } from './png_color.ts';
import * as reasons from './reasons.ts';
import { loadSharp, type SharpModule } from './sharp.ts';
import type { Transfer } from './transfer.ts';

/** Most pixels that are decoded unless fewer are asked for: sharp's own default, 16,383 squared. */
const MAX_PIXELS = 0x3fff ** 2;

/** How strict the decoder is: whether it stops at damage that can be read past. */
export type Strictness = 'warning' | 'error';

/** A file that sharp reads, or one made of it that sharp reads right. */
interface Source {
  readonly bytes: Uint8Array;
  /** Of `bytes`; where none is named, the decoder takes the main one. */
  readonly page?: number;
  /** As sharp names it, or `bmp`. */
  readonly format?: string;
  /** Pages and frames of the file that are pictures. */
  readonly pages?: number;
  readonly notes?: KeptMetadata;
  readonly warnings: readonly string[];
}

/** What is known of a file before its pixels are. */
export interface Opened {
  readonly format: string;
  readonly pages: number;
  readonly notes: KeptMetadata;
  readonly warnings: readonly string[];
  readonly depth: 8 | 16;
  /** Upright, in pixels. */
  readonly size: { readonly width: number; readonly height: number };
  /** True where the pixels already are what the embedded profile says. */
  readonly ownProfile: boolean;
  /** What brings the decoded codes to sRGB, where the decoder does not. */
  readonly transfer: Transfer | undefined;
  /** Starts a pipeline that gives upright pixels: sRGB, unless there is a `transfer`. */
  decode(failOn: Strictness): Sharp;
}

/**
 * Opens a file.
 *
 * @param label - starts the messages
 * @param page - of the file's pictures, from 0
 * @param mostPixels - what is allowed, at most 268 million; checked before anything is decoded
 * @throws FormatError when it is no image, of a kind that is not read, or damaged; SizeError when it has too many pixels
 */
export async function open(
  file: Uint8Array,
  label: string,
  page?: number,
  mostPixels: number = MAX_PIXELS,
): Promise<Opened> {
  const sharp = await loadSharp();
  if (file.length === 0) throw reasons.emptyError(label);
  const most = Math.min(mostPixels, MAX_PIXELS);
  const source = await understand(sharp, file, label, page, most);
  const { bytes } = source;
  const which = source.page === undefined ? {} : { page: source.page };
  const header = await headerOf(sharp, bytes, label, which);
  expectSize(label, header.width, header.pageHeight ?? header.height, most);
  const pages = source.pages ?? header.pages ?? 1;
  if (page !== undefined && page >= pages) throw reasons.pageError(label, page + 1, pages);
  const { icc, space, channels, bitsPerSample = 8 } = header;
  const ownProfile = icc !== undefined && isSrgbProfile(icc);
  // sharp converts CMYK of 16 bits with 8.
  const depth = header.depth === 'ushort' && space !== 'cmyk' ? 16 : 8;
  const warnings = [...source.warnings];
  if (header.depth === 'ushort' && depth === 8) warnings.push(`${label}: 16-bit CMYK is converted with 8 bits`);
  const grey = icc && (space === 'b-w' || space === 'grey16') ? greyCurve(icc) : undefined;
  const chunks = readChunks(bytes);
  const isAnimated = chunks.some(({ type }) => type === 'acTL');
  if (isAnimated) warnings.push(`${label}: is an animated PNG, of which only the still picture is read`);
  const transfer = grey ? { curve: grey } : pngTransfer(chunks);
  const ignoreIcc = ownProfile || grey !== undefined || space === 'grey16';
  const deepHeif = header.format === 'heif' && depth === 16 && bitsPerSample < 16;
  // libheif's 10 and 12 bits are shifted up, so that white is not quite white.
  const scale = 65535 / ((2 ** bitsPerSample - 1) * 2 ** (16 - bitsPerSample));
  return {
    format: source.format ?? header.format,
    pages,
    notes: source.notes ?? (await notesOf(file, header)),
    warnings,
    depth,
    size: header.autoOrient,
    ownProfile,
    transfer,
    decode(failOn) {
      const pipeline = sharp(bytes, { ignoreIcc, autoOrient: true, failOn, ...which });
      // sharp brings 16-bit RGB with a profile to Display P3, and only with an output profile on to sRGB.
      if (depth === 16 && icc && !ignoreIcc) pipeline.withIccProfile('srgb');
      const each = (value: number) => Array<number>(channels).fill(value);
      return deepHeif ? pipeline.linear(each(scale), each(0.5)) : pipeline;
    },
  };
}

/**
 * Counts the pages or frames that are pictures.
 *
 * @throws FormatError when it is no image
 */
export async function pagesOf(file: Uint8Array, label: string): Promise<number> {
  const directories = readDirectories(file);
  if (directories.length) return picturePages(directories).length;
  const { pages = 1 } = isBmp(file) ? {} : await headerOf(await loadSharp(), file, label);
  return pages;
}

function headerOf(sharp: SharpModule, bytes: Uint8Array, label: string, options: SharpOptions = {}): Promise<Metadata> {
  // The size is checked elsewhere, with its numbers in the message.
  return sharp(bytes, { limitInputPixels: false, ...options })
    .metadata()
    .catch((cause: Error) => {
      throw reasons.headerError(label, bytes, cause);
    });
}

/** Brings a file into a form that sharp reads right. */
async function understand(
  sharp: SharpModule,
  file: Uint8Array,
  label: string,
  page: number | undefined,
  most: number,
): Promise<Source> {
  if (isBmp(file)) {
    const { data, width, height, resolution } = decodeBmp(label, file, most);
    const onPaper = fromMeters(...resolution);
    const notes = onPaper ? { resolution: onPaper } : {};
    const bytes = plainTiff({ data, width, height, model: 'rgb' });
    return { bytes, format: 'bmp', pages: 1, notes, warnings: [] };
  }
  const directories = readDirectories(file);
  if (directories.length === 0) return { bytes: file, ...(page !== undefined && { page }), warnings: [] };
  if (isCameraRaw(file, directories)) throw reasons.kindError(label, CAMERA_RAW);
  const pictures = picturePages(directories);
  const number = pictures[page ?? 0];
  if (number === undefined) throw reasons.pageError(label, (page ?? 0) + 1, pictures.length);
  const directory = directories[number]!;
  const layout = layoutOf(label, directory);
  const [width, height] = sizeOf(directory);
  expectSize(label, width, height, most);
  const known = { format: 'tiff', pages: pictures.length, notes: notesOfTiff(file, directory) };
  if (!needsRewriting(layout)) return { ...known, bytes: file, page: number, warnings: [] };
  const rewritten = await rewriteTiff(sharp, label, file, number, directory, layout).catch((cause: Error) => {
    throw reasons.damageError(label, file, cause);
  });
  return { ...known, ...rewritten };
}

function expectSize(label: string, width: number, height: number, most: number): void {
  if (width * height > most) throw reasons.sizeError(label, width, height, most);
}
