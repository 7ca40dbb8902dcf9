/** Texts of PNG files: tEXt, zTXt and iTXt chunks (PNG specification, third edition, 11.3.3), read and made. */
import type { TextNote } from '../codec/metadata.ts';
import { concat, fromLatin, latin, utf8OrLatin } from './bytes.ts';
import { chunk, readChunks } from './png.ts';

/** Bytes that a compressed text may grow to; longer ones are left out. */
const MOST_BYTES = 2 ** 20;
const MOST_TEXTS = 256;

/** Reads the texts of a file, wherever they stand. Damaged and overlong ones are left out. */
export async function readTexts(file: Uint8Array): Promise<TextNote[]> {
  const texts: TextNote[] = [];
  const chunks = readChunks(file, true).filter(({ type }) => ['tEXt', 'zTXt', 'iTXt'].includes(type));
  for (const { type, data } of chunks.slice(0, MOST_TEXTS)) {
    const end = data.indexOf(0);
    const text = end > 0 ? await textOf(type, data.subarray(end + 1)) : undefined;
    if (text !== undefined) texts.push({ keyword: fromLatin(data.subarray(0, end)), text });
  }
  return texts;
}

/** @param rest - what follows the keyword and its zero */
async function textOf(type: string, rest: Uint8Array): Promise<string | undefined> {
  if (type === 'tEXt') return utf8OrLatin(rest);
  if (type === 'zTXt') return inflated(rest.subarray(1)).then((bytes) => bytes && utf8OrLatin(bytes));
  // Compressed or not, method, language, translated keyword.
  const language = rest.indexOf(0, 2);
  const keyword = language < 0 ? -1 : rest.indexOf(0, language + 1);
  if (keyword < 0) return undefined;
  const bytes = rest[0] ? await inflated(rest.subarray(keyword + 1)) : rest.subarray(keyword + 1);
  return bytes && new TextDecoder().decode(bytes);
}

/** Inflates a zlib stream; undefined where it is damaged or too long. */
async function inflated(data: Uint8Array): Promise<Uint8Array | undefined> {
  const parts: Uint8Array[] = [];
  let length = 0;
  try {
    const stream = new Blob([new Uint8Array(data)]).stream().pipeThrough(new DecompressionStream('deflate'));
    for await (const part of stream) {
      length += part.length;
      if (length > MOST_BYTES) return undefined;
      parts.push(part);
    }
    return concat(parts);
  } catch {
    return undefined;
  }
}

/** Makes a text chunk: `tEXt` where Latin-1 is enough, else `iTXt`. Keywords are cut to the 79 letters allowed. */
export function textChunk(keyword: string, text: string): Uint8Array {
  const key = keyword.slice(0, 79);
  if (/^[\n\x20-\x7e\xa0-\xff]*$/.test(text)) return chunk('tEXt', latin(`${key}\0${text}`));
  // Not compressed, no language, no translated keyword.
  return chunk('iTXt', concat([latin(`${key}\0\0\0\0\0`), new TextEncoder().encode(text)]));
}
