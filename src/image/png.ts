/**
 * A PNG file of one transparent black pixel that carries metadata (PNG specification, third edition). An encoder that
 * takes metadata only from an input file is given this one. Its data are stored, not compressed.
 */
import type { KeptMetadata } from './metadata.ts';

/**
 * Makes the file.
 *
 * @param depth - bits a component
 * @param metadata - profile, EXIF and resolution go in; XMP does not
 */
export function metadataPng(depth: 8 | 16, { exif, icc, density = 72 }: KeptMetadata): Uint8Array<ArrayBuffer> {
  const perMetre = bigEndian(Math.round(density / 0.0254));
  return concat([
    latin('\x89PNG\r\n\x1a\n'),
    chunk('IHDR', Uint8Array.of(0, 0, 0, 1, 0, 0, 0, 1, depth, 6, 0, 0, 0)),
    ...(icc ? [chunk('iCCP', concat([latin('icc\0\0'), stored(icc)]))] : []),
    chunk('pHYs', concat([perMetre, perMetre, Uint8Array.of(1)])),
    ...(exif ? [chunk('eXIf', exif)] : []),
    chunk('IDAT', stored(new Uint8Array(1 + depth / 2))),
    chunk('IEND', new Uint8Array()),
  ]);
}

function chunk(type: string, data: Uint8Array): Uint8Array {
  const body = concat([latin(type), data]);
  return concat([bigEndian(data.length), body, bigEndian(crc32(body))]);
}

/** A zlib stream of stored blocks (RFC 1950, RFC 1951 section 3.2.4). */
function stored(data: Uint8Array): Uint8Array {
  const parts: Uint8Array[] = [Uint8Array.of(0x78, 0x01)];
  for (let start = 0; start < data.length; start += 65535) {
    const block = data.subarray(start, start + 65535);
    const { length } = block;
    const last = start + 65535 >= data.length ? 1 : 0;
    parts.push(Uint8Array.of(last, length & 255, length >> 8, ~length & 255, (~length >> 8) & 255), block);
  }
  let a = 1;
  let b = 0;
  for (const byte of data) {
    a = (a + byte) % 65521;
    b = (b + a) % 65521;
  }
  return concat([...parts, bigEndian(b * 65536 + a)]);
}

function crc32(data: Uint8Array): number {
  let crc = -1;
  for (const byte of data) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}

function bigEndian(value: number): Uint8Array {
  return Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value);
}

function latin(text: string): Uint8Array {
  return Uint8Array.from(text, (letter) => letter.charCodeAt(0));
}

function concat(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
