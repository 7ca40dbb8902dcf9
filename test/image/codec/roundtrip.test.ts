/** Round trip of every sample type, channel count and format that sharp can write: read, written again, read by sharp. */
import sharp, { type Sharp } from 'sharp';
import { expect, it } from 'vitest';
import { encodeImage, readImage } from '../../../src/image/node.ts';

const [WIDTH, HEIGHT] = [32, 16];
const PIXELS = WIDTH * HEIGHT;

/** Smooth, so that lossy formats keep it; 0…1, `channels` a pixel, the last of 2 or 4 is alpha. */
function values(channels: number): number[] {
  return Array.from({ length: PIXELS * channels }, (_, i) => {
    const [pixel, c] = [Math.floor(i / channels), i % channels];
    const [x, y] = [(pixel % WIDTH) / (WIDTH - 1), Math.floor(pixel / WIDTH) / (HEIGHT - 1)];
    if (channels % 2 === 0 && c === channels - 1) return 0.4 + 0.6 * x;
    return [0.2 + 0.6 * x, 0.9 - 0.5 * y, 0.3 + 0.3 * x * y][c]!;
  });
}

/** A sharp pipeline of these values. */
function pipeline(channels: 1 | 2 | 3 | 4, bits: 8 | 16): Sharp {
  const max = bits === 8 ? 255 : 65535;
  const codes = values(channels).map((v) => Math.round(v * max));
  const data = bits === 8 ? Uint8Array.from(codes) : Uint16Array.from(codes);
  const space = channels < 3 ? (bits === 8 ? 'b-w' : 'grey16') : bits === 8 ? 'srgb' : 'rgb16';
  return sharp(data, { raw: { width: WIDTH, height: HEIGHT, channels } }).toColourspace(space);
}

/** Values as RGBA. */
function rgba(channels: number): number[] {
  const from = values(channels);
  return Array.from({ length: PIXELS * 4 }, (_, i) => {
    const [pixel, c] = [(i >> 2) * channels, i % 4];
    if (c === 3) return channels % 2 ? 1 : from[pixel + channels - 1]!;
    return from[pixel + (channels < 3 ? 0 : c)]!;
  });
}

/** The largest difference in 8-bit levels; color counts as far as it is seen. */
function worst(got: ArrayLike<number>, max: number, expected: readonly number[]): number {
  expect(got.length).toBe(expected.length);
  let most = 0;
  for (let i = 0; i < got.length; i++) most = Math.max(most, Math.abs(got[i]! / max - expected[i]!));
  return 255 * most;
}

type Case = [
  name: string,
  extension: string,
  channels: 1 | 2 | 3 | 4,
  bits: 8 | 16,
  make: (image: Sharp) => Sharp,
  levels: number,
];
const CHANNELS = [1, 2, 3, 4] as const;
const each = (name: string, extension: string, bits: 8 | 16, make: (image: Sharp) => Sharp, levels: number): Case[] =>
  CHANNELS.map((channels) => [`${name}, ${channels} x ${bits} bits`, extension, channels, bits, make, levels]);

const cases: Case[] = [
  ...each('PNG', 'png', 8, (image) => image.png(), 0.51),
  ...each('PNG', 'png', 16, (image) => image.png(), 0.01),
  ['PNG, interlaced', 'png', 3, 16, (image) => image.png({ progressive: true }), 0.01],
  ['PNG, palette', 'png', 3, 8, (image) => image.png({ palette: true }), 12],
  ['PNG, palette with alpha', 'png', 4, 8, (image) => image.png({ palette: true }), 60],
  ...each('TIFF', 'tif', 8, (image) => image.tiff({ compression: 'none' }), 0.51),
  ...each('TIFF', 'tif', 16, (image) => image.tiff({ compression: 'lzw', predictor: 'horizontal' }), 0.01),
  ...(['deflate', 'packbits', 'lzw'] as const).map(
    (compression): Case => [`TIFF, ${compression}`, 'tif', 3, 16, (image) => image.tiff({ compression }), 0.01],
  ),
  [
    'TIFF, tiles',
    'tif',
    3,
    8,
    (image) => image.tiff({ compression: 'none', tile: true, tileWidth: 16, tileHeight: 16 }),
    0.51,
  ],
  ['TIFF, white is zero', 'tif', 1, 8, (image) => image.tiff({ compression: 'none', miniswhite: true }), 0.51],
  ['TIFF, JPEG inside', 'tif', 3, 8, (image) => image.tiff({ compression: 'jpeg', quality: 100 }), 8],
  ['TIFF, 4 bits', 'tif', 1, 8, (image) => image.tiff({ bitdepth: 4, compression: 'none' }), 18],
  ['TIFF, 2 bits', 'tif', 1, 8, (image) => image.tiff({ bitdepth: 2, compression: 'none' }), 86],
  // A press prints no such dark greys.
  ['TIFF, CMYK', 'tif', 1, 8, (image) => image.toColourspace('cmyk').tiff({ compression: 'none' }), 36],
  ['TIFF, CIELab', 'tif', 3, 8, (image) => image.toColourspace('lab').tiff({ compression: 'none' }), 1.6],
  ['TIFF, CIELab of 16 bits', 'tif', 3, 16, (image) => image.toColourspace('labs').tiff({ compression: 'none' }), 0.6],
  ['JPEG, grey', 'jpg', 1, 8, (image) => image.jpeg({ quality: 100 }), 3],
  ['JPEG, RGB', 'jpg', 3, 8, (image) => image.jpeg({ quality: 100, chromaSubsampling: '4:4:4' }), 5],
  ['JPEG, progressive', 'jpg', 3, 8, (image) => image.jpeg({ quality: 100, progressive: true }), 8],
  ['JPEG, CMYK', 'jpg', 1, 8, (image) => image.toColourspace('cmyk').jpeg({ quality: 100 }), 36],
  ...each('WebP', 'webp', 8, (image) => image.webp({ lossless: true }), 8),
  ['WebP, lossy', 'webp', 3, 8, (image) => image.webp({ quality: 100 }), 8],
  ['GIF', 'gif', 3, 8, (image) => image.gif(), 40],
  ['GIF, grey', 'gif', 1, 8, (image) => image.gif(), 20],
  ...each('AVIF', 'avif', 8, (image) => image.avif({ lossless: true }), 8),
  ...([10, 12] as const).map(
    (bitdepth): Case => [
      `AVIF, ${bitdepth} bits`,
      'avif',
      4,
      16,
      (image) => image.avif({ lossless: true, bitdepth }),
      8,
    ],
  ),
];

it.each(cases)('%s', async (name, extension, channels, bits, make, levels) => {
  const file = await make(pipeline(channels, bits)).toBuffer();
  const expected = rgba(channels);
  const image = await readImage(file, { name });
  const max = image.depth === 8 ? 255 : 65535;
  // What the format's own rounding makes of it. Alpha that is not there is opaque, to the last bit.
  const first = worst(image.data, max, expected);
  expect(first).toBeLessThan(levels);
  if (channels % 2) expect(image.data.every((code, i) => i % 4 !== 3 || code === max)).toBe(true);
  expect(image.warnings).toEqual([]);
  // Written again, in the same format and in one that holds all.
  for (const [out, more] of [
    [extension, ['jpg', 'webp', 'avif', 'gif'].includes(extension) ? levels : 0.01],
    ['png', 0.01],
  ] as const) {
    const written = await encodeImage(`a.${out}`, image, { metadata: image.metadata, quality: 100 });
    const again = await readImage(written.bytes);
    const top = again.depth === 8 ? 255 : 65535;
    const before = Array.from(image.data, (code) => code / max);
    expect(worst(again.data, top, before), out).toBeLessThan(more);
    const header = await sharp(written.bytes).metadata();
    // Of a GIF sharp says that it has, always.
    if (out !== 'gif') expect(header.hasAlpha, out).toBe(channels % 2 === 0);
    if (out === 'png' || out === 'tif') expect(again.depth).toBe(image.depth);
    const deep = image.depth === 16 && again.depth === 8;
    expect(written.warnings.filter((line) => !line.includes('resolution')).length, out).toBe(deep ? 1 : 0);
  }
});

it('white and black stay so at every depth', async () => {
  for (const bits of [8, 16] as const) {
    const max = bits === 8 ? 255 : 65535;
    const data = (bits === 8 ? Uint8Array : Uint16Array).from([0, 0, 0, max, max, max]);
    const dots = sharp(data, { raw: { width: 2, height: 1, channels: 3 } }).toColourspace(
      bits === 8 ? 'srgb' : 'rgb16',
    );
    const made = ['png', 'tiff', ...(bits === 8 ? (['webp'] as const) : [])] as const;
    for (const format of made) {
      const image = await readImage(
        await dots
          .clone()
          .toFormat(format as 'tiff', { lossless: true, compression: 'lzw' })
          .toBuffer(),
      );
      expect([...image.data], format).toEqual([0, 0, 0, max, max, max, max, max]);
    }
  }
});

it('pixels of 16 bits are laid over white as those of 8, and what is clear shows nothing of what it hides', async () => {
  // Four flat squares: clear black, half red, opaque grey, nearly clear.
  const squares = [
    [0, 0, 0, 0],
    [65535, 0, 0, 32768],
    [12345, 12345, 12345, 65535],
    [40000, 0, 65535, 1],
  ];
  const side = 16;
  const data = Uint16Array.from(
    { length: 4 * side * side * 4 },
    (_, i) => squares[((i >> 2) % (4 * side)) >> 4]![i % 4]!,
  );
  const picture = { data, width: 4 * side, height: side };
  const { bytes, warnings } = await encodeImage('a.jpg', picture, { quality: 100 });
  expect(warnings).toHaveLength(2);
  const row = await readImage(bytes);
  for (const [i, [r, g, b, alpha]] of squares.entries()) {
    const over = [r, g, b].map((color) => 255 * (1 + (color! / 65535 - 1) * (alpha! / 65535)));
    const middle = 4 * (8 * 4 * side + i * side + 8);
    for (const [c, level] of over.entries()) expect(Math.abs(row.data[middle + c]! - level)).toBeLessThan(2);
  }
  const { data: kept } = await readImage((await encodeImage('a.png', picture)).bytes);
  expect([...kept]).toEqual([...data]);
});
