/** TIFF pages that sharp shows wrongly, as files that it shows right: their samples are read here, and written anew. */
import type { FailOnOptions, Sharp } from 'sharp';
import { ownBytes, type SharpModule } from '../codec/sharp.ts';
import { type PlainPicture, plainTiff } from './plain_tiff.ts';
import { asDeclared, labToCodes, type Samples, toCodes, whiteOf } from './samples.ts';
import { type Directory, type Field, numbersOf } from './tiff.ts';
import { type Layout, TAG } from './tiff_layout.ts';

/**
 * Rewrites a page as a plain TIFF, upright, of 16 bits (8 where it has 8-bit codes already), with its profile.
 *
 * @param page - its place among the file's directories
 * @returns the file, and what had to be assumed
 * @throws FormatError where black or white are unknown; sharp's own error for damage
 */
export async function rewriteTiff(
  sharp: SharpModule,
  name: string,
  file: Uint8Array,
  page: number,
  directory: Directory,
  layout: Layout,
): Promise<{ bytes: Uint8Array; warnings: string[] }> {
  const { model, samples, bits, kind, colors, alpha } = layout;
  const { data, width, height } = await readSamples(sharp, file, page, directory, layout);
  const values = asDeclared(data, layout);
  const associated = alpha !== undefined && numbersOf(directory.get(TAG.extra))[alpha - colors] === 1;
  const icc = directory.get(TAG.icc)?.bytes;
  const warnings: string[] = [];
  const left = samples - colors - (alpha === undefined ? 0 : 1);
  if (left) {
    const which = left === 1 ? 'a further sample a pixel that is' : `${left} further samples a pixel that are`;
    warnings.push(`${name}: has ${which} not declared as transparency – left out`);
  }
  const picture = (codes: Uint8Array | Uint16Array, as: PlainPicture['model']): PlainPicture => ({
    data: codes,
    width,
    height,
    model: as,
    // A Lab picture's profile is of no use for sRGB.
    ...(icc && model !== 'lab' && model !== 'icclab' && { icc }),
  });
  if (model === 'lab' || model === 'icclab') {
    return { bytes: plainTiff(picture(labToCodes(values, layout), 'rgb')), warnings };
  }
  const found = kind === 'unsigned' && bits <= 16 ? undefined : whiteOf(name, values, layout);
  warnings.push(...(found?.warnings ?? []));
  const codes = toCodes(values, found?.white ?? 2 ** Math.max(bits, 8) - 1, layout, associated);
  const eight = kind === 'unsigned' && bits <= 8;
  // Palettes and YCbCr are never rewritten.
  const as = model as PlainPicture['model'];
  return { bytes: plainTiff(picture(eight ? Uint8Array.from(codes, (code) => code / 257) : codes, as)), warnings };
}

async function readSamples(
  sharp: SharpModule,
  file: Uint8Array,
  page: number,
  directory: Directory,
  { samples, model, kind, bits }: Layout,
): Promise<{ data: Samples; width: number; height: number }> {
  // Not slice(): a Buffer's would share its memory.
  const bytes = new Uint8Array(file);
  const patch = (field: Field | undefined, value: number) => {
    if (!field) return;
    const at = field.bytes.byteOffset - file.byteOffset;
    for (let i = at; i < at + 2 * field.count; i += 2) bytes.set(field.little ? [value, 0] : [0, value], i);
  };
  // So that the decoder changes nothing: no Lab, no inversion, no alpha to divide by; numbers as their bare bits.
  if (model === 'lab' || model === 'icclab') patch(directory.get(TAG.photometric), 2);
  else if (model === 'grey') patch(directory.get(TAG.photometric), 1);
  patch(directory.get(TAG.extra), 2);
  if (kind !== 'float' || bits === 16) patch(directory.get(TAG.kind), 1);
  const options = {
    page,
    ignoreIcc: true,
    autoOrient: true,
    limitInputPixels: false,
    failOn: 'error' as FailOnOptions,
  };
  const open = () => sharp(bytes, options);
  const { depth, space, channels } = await open().metadata();
  const pipeline = () => (space === 'cmyk' ? open().pipelineColorspace('cmyk') : open()).toColourspace(space);
  const raw = (from: Sharp) => from.raw({ depth }).toBuffer({ resolveWithObject: true });
  // Of grey pictures sharp gives one band at a time.
  const bands = channels === 2 ? [0, 1].map((band) => pipeline().extractChannel(band as 0)) : [pipeline()];
  const parts = await Promise.all(bands.map(raw));
  const { info } = parts[0]!;
  const arrays = parts.map(({ data }) => arrayOf(depth, ownBytes(data)));
  const { width, height } = info;
  const first = arrays[0]!;
  if (arrays.length === 1) return { data: first, width, height };
  const data = new (first.constructor as new (length: number) => Samples)(width * height * samples);
  for (const [band, array] of arrays.entries())
    for (let i = 0; i < array.length; i++) data[i * samples + band] = array[i]!;
  return { data, width, height };
}

function arrayOf(depth: string | undefined, buffer: ArrayBuffer): Samples {
  if (depth === 'uchar') return new Uint8Array(buffer);
  if (depth === 'ushort') return new Uint16Array(buffer);
  return depth === 'float' ? new Float32Array(buffer) : new Uint32Array(buffer);
}
