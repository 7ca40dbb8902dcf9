/**
 * A PNG file of one transparent black pixel that carries metadata (PNG specification, third edition). An encoder that
 * takes metadata only from an input file is given this one. Its data are stored, not compressed.
 */
import { bigEndian, concat, latin } from '../file/bytes.ts';
import { chunk } from '../file/png.ts';
import type { Resolution } from '../file/resolution.ts';
import type { KeptMetadata } from './metadata.ts';

/**
 * Makes the file.
 *
 * @param depth - bits a component
 * @param metadata - profile, EXIF and resolution go in; the rest does not
 */
export function metadataPng(depth: 8 | 16, { exif, icc, resolution }: KeptMetadata): Uint8Array<ArrayBuffer> {
  return concat([
    latin('\x89PNG\r\n\x1a\n'),
    chunk('IHDR', Uint8Array.of(0, 0, 0, 1, 0, 0, 0, 1, depth, 6, 0, 0, 0)),
    ...(icc ? [chunk('iCCP', concat([latin('icc\0\0'), stored(icc)]))] : []),
    ...(resolution ? [physical(resolution)] : []),
    ...(exif ? [chunk('eXIf', exif)] : []),
    chunk('IDAT', stored(new Uint8Array(1 + depth / 2))),
    chunk('IEND', new Uint8Array()),
  ]);
}

/** Makes a pHYs chunk: whole pixels a meter. */
export function physical({ x, y, unit }: Resolution): Uint8Array {
  const perMeter = (value: number) => bigEndian(Math.round(unit === 'inch' ? value / 0.0254 : value * 100));
  return chunk('pHYs', concat([perMeter(x), perMeter(y), Uint8Array.of(1)]));
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
