/** Bytes that nobody vouches for: whatever they are, an image or a FormatError comes of them, soon. */
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { greyCurve, isSrgbProfile } from '../../../src/image/codec/icc.ts';
import { addToExif } from '../../../src/image/codec/metadata.ts';
import { readNotes, readSegments } from '../../../src/image/file/jpeg.ts';
import { foreignKind } from '../../../src/image/file/kinds.ts';
import { iptcFromText, iptcOf } from '../../../src/image/file/photoshop.ts';
import { readChunks } from '../../../src/image/file/png.ts';
import { readTexts } from '../../../src/image/file/png_text.ts';
import { encodeTiff, numbersOf, readDirectories, treeOf } from '../../../src/image/file/tiff.ts';
import { readImage } from '../../../src/image/node.ts';
import { FormatError } from '../../../src/runtime/errors.ts';
import { png } from '../../support/png.ts';
import { tiff } from '../../support/tiff.ts';

const latin = (text: string) => Buffer.from(text, 'latin1');
let state = 5;
function random(most: number): number {
  state = (state * 48271) % 2147483647;
  return state % most;
}

const page = {
  width: 6,
  height: 4,
  data: new Uint8Array(24).fill(100),
  tags: { 270: 'Harvest', 296: [2], 700: latin('<x/>') },
};
const big = () => {
  // BigTIFF: 8-byte offsets; one directory of width, height and one strip.
  const file = Buffer.alloc(16 + 8 + 20 * 6 + 8 + 4);
  file.write('II');
  file.writeUInt16LE(43, 2);
  file.writeUInt16LE(8, 4);
  file.writeBigUInt64LE(16n, 8);
  file.writeBigUInt64LE(6n, 16);
  const fields = [
    [256, 2],
    [257, 2],
    [258, 8],
    [262, 1],
    [273, 152],
    [279, 4],
  ] as const;
  for (const [i, [tag, value]] of fields.entries()) {
    const at = 24 + 20 * i;
    file.writeUInt16LE(tag, at);
    file.writeUInt16LE(4, at + 2);
    file.writeBigUInt64LE(1n, at + 4);
    file.writeUInt32LE(value, at + 12);
  }
  file.fill(77, 152);
  return file;
};

describe('TIFF structure', () => {
  it('a ring of directories ends', () => {
    const file = tiff(page, page);
    const first = file.readUInt32LE(4);
    const count = file.readUInt16LE(first);
    file.writeUInt32LE(first, first + 2 + 12 * count);
    expect(readDirectories(file)).toHaveLength(1);
  });

  it('a directory that is its own EXIF ends', () => {
    const file = tiff({ ...page, tags: { 34665: [0, 70000] } });
    const at = file.readUInt32LE(4);
    for (let i = 0; i < file.readUInt16LE(at); i++) {
      const field = at + 2 + 12 * i;
      if (file.readUInt16LE(field) !== 34665) continue;
      file.writeUInt32LE(1, field + 4);
      file.writeUInt32LE(at, field + 8);
    }
    const [directory] = readDirectories(file);
    expect(encodeTiff(treeOf(file, directory!)).length).toBeLessThan(4 * file.length);
  });

  it('values outside the file are left out', () => {
    const file = tiff({ ...page, tags: { 270: 'Harvest near the mill' } });
    const at = file.readUInt32LE(4);
    for (let i = 0; i < file.readUInt16LE(at); i++) {
      if (file.readUInt16LE(at + 2 + 12 * i) === 270) file.writeUInt32LE(2 ** 31, at + 2 + 12 * i + 4);
    }
    const [directory] = readDirectories(file);
    expect(directory!.has(270)).toBe(false);
    expect(numbersOf(directory!.get(256))).toEqual([6]);
  });

  it('big-endian blocks are turned round', () => {
    // MM, one directory: XResolution 300/1, ImageDescription 'Ab'.
    const block = Buffer.from(
      '4d4d002a00000008' +
        '0002' +
        '010e000200000003' +
        '41620000' +
        '011a000500000001' +
        '00000026' +
        '00000000' +
        '0000012c00000001',
      'hex',
    );
    const turned = addToExif(block, new Map(), false);
    expect([turned[0], turned[1]]).toEqual([0x49, 0x49]);
    const [directory] = readDirectories(turned);
    expect(numbersOf(directory!.get(282))).toEqual([300]);
    expect(Buffer.from(directory!.get(270)!.bytes).toString()).toBe('Ab\0');
  });

  it('BigTIFF is read', async () => {
    const [directory] = readDirectories(big());
    expect([256, 257, 273].map((tag) => numbersOf(directory!.get(tag))[0])).toEqual([2, 2, 152]);
    expect((await readImage(big())).data[0]).toBe(77);
  });
});

describe('every reader bears any bytes', () => {
  const readers: ((file: Uint8Array) => unknown)[] = [
    readDirectories,
    (file) => readDirectories(file).map((directory) => encodeTiff(treeOf(file, directory))),
    readSegments,
    readNotes,
    readChunks,
    iptcOf,
    foreignKind,
    isSrgbProfile,
    greyCurve,
    (file) => iptcFromText(Buffer.from(file).toString('latin1')),
  ];

  it('alone', async () => {
    const seeds = [
      tiff(page, page),
      big(),
      png(4, 2, 0, 8, Array(8).fill(9), [
        ['tEXt', latin('a\0b')],
        ['iTXt', latin('a\0\x01\0\0\0x')],
      ]),
    ];
    for (let i = 0; i < 600; i++) {
      const seed = seeds[i % seeds.length]!;
      const file = new Uint8Array(seed.subarray(0, random(seed.length) + 1));
      for (let k = 0; k < 4; k++) file[random(file.length)] = random(256);
      for (const read of readers) read(file);
      await readTexts(file);
    }
  });

  it('together', async () => {
    const jpeg = await sharp(Buffer.alloc(48, 120), { raw: { width: 4, height: 4, channels: 3 } })
      .withExif({ IFD0: { Make: 'Koala' } })
      .jpeg()
      .toBuffer();
    const seeds = [
      tiff(page, page),
      tiff({ ...page, kind: 2 }),
      jpeg,
      png(4, 2, 0, 8, Array(8).fill(9), [['gAMA', Buffer.from([0, 1, 134, 160])]]),
    ];
    let read = 0;
    for (let i = 0; i < 160; i++) {
      const file = Buffer.from(seeds[i % seeds.length]!);
      for (let k = 0; k < 2; k++) file[random(file.length)] = random(256);
      await readImage(file).then(
        () => read++,
        (error: Error) => expect(error).toBeInstanceOf(FormatError),
      );
    }
    expect(read).toBeGreaterThan(20);
  });
});

it('a text that would grow without end is left out', async () => {
  const { deflateSync } = await import('node:zlib');
  const bomb = Buffer.concat([latin('Bomb\0\0'), deflateSync(Buffer.alloc(2 ** 24))]);
  const small = Buffer.concat([latin('Title\0\0'), deflateSync(latin('Harvest'))]);
  const file = png(
    2,
    2,
    0,
    8,
    [0, 0, 0, 0],
    [
      ['zTXt', bomb],
      ['zTXt', small],
    ],
  );
  expect(await readTexts(file)).toEqual([{ keyword: 'Title', text: 'Harvest' }]);
});

describe('files of other kinds are named by what they are', () => {
  const box = (...brands: string[]) => {
    const file = Buffer.alloc(8 + 4 * (brands.length + 1) + 40);
    file.writeUInt32BE(8 + 4 * (brands.length + 1), 0);
    file.write(`ftyp${brands[0]}\0\0\0\0${brands.slice(1).join('')}`, 4, 'latin1');
    return file;
  };
  it.each<[string, Buffer, RegExp]>([
    [
      'HEIC',
      box('heic', 'mif1', 'heic'),
      /a HEIC picture \(HEVC\) – convert it to JPEG or PNG, or build sharp with a libheif that has HEVC/,
    ],
    ['HEIC by a compatible brand', box('mif1', 'mif1', 'heix'), /a HEIC picture/],
    ['video', box('isom', 'mp42'), /a video – save a frame of it/],
    ['CR3', box('crx ', 'isom'), /a camera's raw file – develop it/],
    ['CR2', Buffer.concat([tiff(page).subarray(0, 8), latin('CR'), tiff(page).subarray(10)]), /a camera's raw file/],
    ['DNG', tiff({ ...page, tags: { 50706: [1, 4] } }), /a camera's raw file/],
    ['RAF', latin('FUJIFILMCCD-RAW 0201'), /a camera's raw file/],
    ['JPEG XL', latin('\xff\x0a\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00'), /a JPEG XL picture – convert it/],
    ['JPEG 2000', latin('\0\0\0\x0cjP  \r\n\x87\n\0\0\0\0'), /a JPEG 2000 picture – convert it/],
    ['PDF', latin('%PDF-1.7\n%....\n'), /a PDF document – export its pictures/],
  ])('%s', async (_, file, message) => {
    const error = await readImage(file, { name: 'a.jpg' }).catch((cause: Error) => cause);
    expect(error).toBeInstanceOf(FormatError);
    expect((error as Error).message).toMatch(/^a\.jpg: expected an image file, got /);
    expect((error as Error).message).toMatch(message);
    expect((error as Error).message).not.toContain('undamaged');
  });

  it('AVIF is none of them', () => {
    expect(foreignKind(box('avif', 'mif1', 'heic'))).toBeUndefined();
  });
});
