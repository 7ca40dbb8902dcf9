/** Chunks of PNG files (PNG specification, third edition): read up to the pixels, made, and put into a file. */
import { bigEndian, concat, fromLatin, latin } from './bytes.ts';

export interface Chunk {
  readonly type: string;
  readonly data: Uint8Array;
  /** Of the whole chunk in the file, in bytes. */
  readonly start: number;
  readonly end: number;
}

const SIGNATURE = latin('\x89PNG\r\n\x1a\n');
const MOST_CHUNKS = 4096;

/** Reads the chunks before the pixels, or all but those; none where it is no PNG. Nothing is copied. */
export function readChunks(file: Uint8Array, behind = false): Chunk[] {
  const chunks: Chunk[] = [];
  if (SIGNATURE.some((byte, i) => file[i] !== byte)) return chunks;
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  for (let start = 8; start + 12 <= file.length && chunks.length < MOST_CHUNKS; ) {
    const length = view.getUint32(start);
    const type = fromLatin(file.subarray(start + 4, start + 8));
    const end = start + 12 + length;
    if (end > file.length || (type === 'IDAT' && !behind)) break;
    if (type !== 'IDAT') chunks.push({ type, data: file.subarray(start + 8, end - 4), start, end });
    start = end;
  }
  return chunks;
}

/** Makes a chunk. */
export function chunk(type: string, data: Uint8Array): Uint8Array {
  const body = concat([latin(type), data]);
  return concat([bigEndian(data.length), body, bigEndian(crc32(body))]);
}

/** Puts chunks behind the header; a new `pHYs` takes the place of the old one. */
export function insertChunks(file: Uint8Array, added: readonly Uint8Array[]): Uint8Array {
  const single = added.some((bytes) => fromLatin(bytes.subarray(4, 8)) === 'pHYs') ? ['pHYs'] : [];
  const chunks = readChunks(file);
  const [header] = chunks;
  if (!header) return file;
  const kept = chunks.slice(1).filter(({ type }) => !single.includes(type));
  const rest = file.subarray(chunks.at(-1)!.end);
  return concat([
    file.subarray(0, header.end),
    ...added,
    ...kept.map(({ start, end }) => file.subarray(start, end)),
    rest,
  ]);
}

function crc32(data: Uint8Array): number {
  let crc = -1;
  for (const byte of data) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}
