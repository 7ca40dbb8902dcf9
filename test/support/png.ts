/** PNG files for tests, with any chunks before the pixels. */
import { crc32, deflateSync } from 'node:zlib';

/**
 * Makes the file.
 *
 * @param type - color type: 0 grey, 2 RGB, 3 palette, 4 grey and alpha, 6 RGBA
 * @param depth - 8 or 16
 * @param values - samples, interleaved
 */
export function png(
  width: number,
  height: number,
  type: number,
  depth: 8 | 16,
  values: readonly number[],
  chunks: readonly (readonly [string, Uint8Array])[] = [],
): Buffer {
  const stride = values.length / height;
  const rows = Array.from({ length: height }, (_, y) => {
    const row = values.slice(y * stride, (y + 1) * stride);
    // Filter 0, none.
    return [0, ...(depth === 8 ? row : row.flatMap((v) => [v >> 8, v & 255]))];
  });
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([depth, type, 0, 0, 0], 8);
  const all: (readonly [string, Uint8Array])[] = [
    ['IHDR', header],
    ...chunks,
    ['IDAT', deflateSync(Uint8Array.from(rows.flat()))],
    ['IEND', new Uint8Array()],
  ];
  const made = all.map(([name, data]) => {
    const body = Buffer.concat([Buffer.from(name, 'latin1'), data]);
    const ends = Buffer.alloc(8);
    ends.writeUInt32BE(data.length, 0);
    ends.writeUInt32BE(crc32(body), 4);
    return Buffer.concat([ends.subarray(0, 4), body, ends.subarray(4)]);
  });
  return Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), ...made]);
}
