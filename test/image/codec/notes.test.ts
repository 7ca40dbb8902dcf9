/** What image files say beside their pixels: kept where the output can hold it, else named. */
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { insertGifComments, readGifComments } from '../../../src/image/file/gif.ts';
import { type Directory, numbersOf, readDirectories } from '../../../src/image/file/tiff.ts';
import { encodeImage, readImage } from '../../../src/image/node.ts';
import { png } from '../../support/png.ts';
import { tiff } from '../../support/tiff.ts';

const FORMATS = ['jpg', 'png', 'tif', 'webp', 'avif', 'gif'] as const;
const SIZE = { width: 8, height: 8 };
const latin = (text: string) => Buffer.from(text, 'latin1');
/** IIM: a caption, two keywords, a by-line. */
const IPTC = Buffer.concat(
  [
    [120, 'Harvest near the mill'],
    [25, 'harvest'],
    [25, 'mill'],
    [80, 'A. Photographer'],
  ].map(([dataset, text]) =>
    Buffer.concat([Buffer.from([0x1c, 2, Number(dataset), 0, String(text).length]), latin(String(text))]),
  ),
);
const dot = () => sharp(Buffer.alloc(48, 120), { raw: { width: 4, height: 4, channels: 3 } });

/** A JPEG with segments of its own behind the start. */
async function jpegWith(...segments: [marker: number, data: Buffer][]): Promise<Buffer> {
  const plain = await dot().jpeg().toBuffer();
  const made = segments.map(([marker, data]) => {
    const length = data.length + 2;
    return Buffer.concat([Buffer.from([0xff, marker, length >> 8, length & 255]), data]);
  });
  return Buffer.concat([plain.subarray(0, 2), ...made, plain.subarray(2)]);
}

const photoshop = (...resources: Buffer[]) => Buffer.concat([latin('Photoshop 3.0\0'), ...resources]);
function resource(id: number, name: string, data: Buffer): Buffer {
  const title = latin(`${String.fromCharCode(name.length)}${name}${name.length % 2 ? '' : '\0'}`);
  const head = Buffer.from([id >> 8, id & 255]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  return Buffer.concat([latin('8BIM'), head, title, length, data, Buffer.alloc(data.length % 2)]);
}

/** Reads a file, writes it as another, and reads that. */
async function through(file: Uint8Array, extension: string) {
  const image = await readImage(file, { name: 'in' });
  const { bytes, warnings } = await encodeImage(`out.${extension}`, image, { metadata: image.metadata });
  const after = await readImage(bytes);
  expect([after.width, after.height]).toEqual([image.width, image.height]);
  return { before: image.metadata, after: after.metadata, bytes, warnings };
}

const textOf = (directory: Directory | undefined, tag: number) =>
  Buffer.from(directory?.get(tag)?.bytes ?? []).toString('utf8');

describe('IPTC and comments', () => {
  const file = () =>
    jpegWith(
      [0xed, photoshop(resource(0x03ed, 'odd', Buffer.alloc(15)), resource(0x0404, '', IPTC))],
      [0xfe, latin('a comment')],
      [0xfe, Buffer.from('Grüße')],
    );

  it.each(['jpg', 'png', 'tif'])('are kept in .%s', async (extension) => {
    const { before, after, warnings } = await through(await file(), extension);
    expect(Buffer.from(before.iptc!)).toEqual(IPTC);
    expect(Buffer.from(after.iptc!)).toEqual(IPTC);
    expect(before.texts).toEqual([
      { keyword: 'Comment', text: 'a comment' },
      { keyword: 'Comment', text: 'Grüße' },
    ]);
    if (extension === 'tif') expect(warnings).toEqual(["out.tif: TIFF cannot hold the text 'Comment' – left out"]);
    else {
      expect(after.texts).toEqual(before.texts);
      expect(warnings).toEqual([]);
    }
  });

  it('sharp finds the IPTC of what was written', async () => {
    const { bytes } = await through(await file(), 'jpg');
    expect((await sharp(bytes).metadata()).iptc!.toString('latin1')).toContain('Harvest near the mill');
    // And the comment stands before the pixels.
    expect(latin(Buffer.from(bytes).toString('latin1')).indexOf('a comment')).toBeLessThan(700);
  });

  it('that are longer than a segment are cut into several', async () => {
    const long = Buffer.concat(Array<Buffer>(1000).fill(IPTC));
    const first = photoshop(resource(0x0404, '', long).subarray(0, 60_000));
    const second = photoshop(resource(0x0404, '', long).subarray(60_000));
    const { after } = await through(await jpegWith([0xed, first], [0xed, second]), 'jpg');
    expect(Buffer.from(after.iptc!).equals(long)).toBe(true);
  });

  it('comments are kept in .gif, the rest is named', async () => {
    const { before, after, warnings } = await through(await file(), 'gif');
    expect(after.texts).toEqual(before.texts);
    expect(warnings).toEqual(['out.gif: GIF cannot hold IPTC – left out']);
  });

  it.each(['webp', 'avif'])('are named where .%s cannot hold them', async (extension) => {
    const { warnings } = await through(await file(), extension);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatch(/cannot hold IPTC.* – left out$/);
    expect(warnings[0]).toContain("the text 'Comment'");
  });
});

describe('GIF comments', () => {
  const gif = async () =>
    new Uint8Array(
      await sharp({ create: { ...SIZE, channels: 3, background: 'red' } })
        .gif()
        .toBuffer(),
    );

  it('are kept, long ones too', async () => {
    const comments = ['Harvest near the mill', 'Grüße '.repeat(200)];
    const file = insertGifComments(await gif(), comments);
    for (const extension of ['gif', 'jpg', 'png']) {
      const { before, after, warnings } = await through(file, extension);
      expect(before.texts).toEqual(comments.map((text) => ({ keyword: 'Comment', text })));
      expect(after.texts).toEqual(before.texts);
      expect(warnings).toEqual([]);
    }
  });

  it('stand behind frames too, and are not looked for in pixels', async () => {
    const pixels = Buffer.alloc(2 * 8 * 8 * 3, 50);
    const frames = await sharp(pixels, { raw: { width: 8, height: 16, channels: 3, pageHeight: 8 } })
      .gif()
      .toBuffer();
    const late = Buffer.concat([
      frames.subarray(0, -1),
      Buffer.from([0x21, 0xfe, 3]),
      latin('end'),
      Buffer.from([0, 0x3b]),
    ]);
    expect(readGifComments(new Uint8Array(late))).toEqual(['end']);
  });

  it('a file that ends in the midst of one has those before it', async () => {
    const file = insertGifComments(await gif(), ['one', 'two']);
    const cut = Buffer.from(file).indexOf('two') + 1;
    expect(readGifComments(file.subarray(0, cut))).toEqual(['one']);
    expect(readGifComments(new Uint8Array(9))).toEqual([]);
  });
});

describe('PNG texts', () => {
  const texts = { Title: 'Harvest', Author: 'A. Photographer', Description: 'Grüße', Place: 'Łódź' };
  const file = png(4, 4, 0, 8, Array(16).fill(99), [
    ['tEXt', latin('Title\0Harvest')],
    ['tEXt', latin('Author\0A. Photographer')],
    ['tEXt', latin('Description\0Grüße')],
    ['iTXt', Buffer.from('Place\0\0\0\0\0Łódź')],
  ]);

  it('are kept in a PNG', async () => {
    const { after, warnings } = await through(file, 'png');
    expect(Object.fromEntries(after.texts!.map(({ keyword, text }) => [keyword, text]))).toEqual(texts);
    expect(warnings).toEqual([]);
  });

  it('are comments in a JPEG', async () => {
    const { after, warnings } = await through(file, 'jpg');
    expect(after.texts!.map(({ text }) => text)).toEqual(Object.entries(texts).map(([key, text]) => `${key}: ${text}`));
    expect(warnings).toEqual([]);
  });

  it.each(['tif', 'webp', 'avif'])('are EXIF in .%s where EXIF has a tag for them, else named', async (extension) => {
    const { after, warnings } = await through(file, extension);
    const [directory] = readDirectories(after.exif!);
    expect([269, 315, 270].map((tag) => textOf(directory, tag))).toEqual(['Harvest\0', 'A. Photographer\0', 'Grüße\0']);
    expect(warnings[0]).toMatch(/cannot hold the text 'Place' – left out$/);
  });

  it('are comments in a GIF', async () => {
    const { after, warnings } = await through(file, 'gif');
    expect(after.texts!.map(({ text }) => text)).toEqual(Object.entries(texts).map(([key, text]) => `${key}: ${text}`));
    expect(warnings).toEqual([]);
  });

  it('the names of every object are names', async () => {
    const named = png(2, 2, 0, 8, Array(4).fill(0), [['tEXt', latin('constructor\0x')]]);
    const { warnings } = await through(named, 'webp');
    expect(warnings).toEqual(["out.webp: WebP cannot hold the text 'constructor' – left out"]);
  });
});

describe('TIFF tags', () => {
  const tags = {
    269: 'Album 3',
    270: 'Harvest',
    271: 'Koala',
    306: '1936:04:14 12:00:00',
    315: 'A. Photographer',
    33432: 'public domain',
    700: Buffer.from('<x:xmpmeta xmlns:x="adobe:ns:meta/"><t tiff:Orientation="6"/></x:xmpmeta>'),
    33723: IPTC,
    282: { rational: [2995, 10] as [number, number] },
    283: { rational: [2995, 10] as [number, number] },
    296: [2],
  };
  const file = tiff({ width: 4, height: 4, data: new Uint8Array(16).fill(7), tags });

  it.each(['tif', 'jpg', 'png', 'webp', 'avif'])('are kept in .%s', async (extension) => {
    const { after } = await through(file, extension);
    const [directory] = readDirectories(after.exif!);
    const kept = [270, 271, 306, 315, 33432].map((tag) => textOf(directory, tag).replace('\0', ''));
    expect(kept).toEqual(['Harvest', 'Koala', '1936:04:14 12:00:00', 'A. Photographer', 'public domain']);
    expect(after.xmp).toBe(tags[700].toString().replace('6', '1'));
    if (extension === 'tif' || extension === 'jpg' || extension === 'png')
      expect(Buffer.from(after.iptc!)).toEqual(IPTC);
  });

  it('EXIF and GPS below them go with them, and libtiff reads the result', async () => {
    const camera = await dot()
      .withExif({ IFD0: { Make: 'Koala' }, IFD2: { LensModel: 'Gum 50' }, IFD3: { GPSLatitudeRef: 'S' } })
      .jpeg()
      .toBuffer();
    const first = await through(camera, 'tif');
    const second = await through(first.bytes, 'jpg');
    for (const exif of [first.after.exif!, second.after.exif!]) {
      expect(Buffer.from(exif).toString('latin1')).toContain('Gum 50');
    }
    expect((await sharp(second.bytes).metadata()).exif!.toString('latin1')).toContain('Gum 50');
    expect(first.warnings).toEqual([]);
    // Of a big-endian block, too.
    const { metadata } = await readImage(first.bytes);
    expect(metadata.exif).toBeDefined();
  });
});

describe('resolution', () => {
  const units = [
    ['300 dpi', { x: 300, y: 300, unit: 'inch' }],
    ['a fax, 204 x 98 dpi', { x: 204, y: 98, unit: 'inch' }],
    ['118 a cm', { x: 118, y: 118, unit: 'cm' }],
    ['72.5 dpi', { x: 72.5, y: 72.5, unit: 'inch' }],
  ] as const;
  const file = (x: number, y: number, unit: 'inch' | 'cm') =>
    tiff({
      width: 4,
      height: 4,
      data: new Uint8Array(16),
      tags: { 282: { rational: [x * 10, 10] }, 283: { rational: [y * 10, 10] }, 296: [unit === 'inch' ? 2 : 3] },
    });
  const inch = ({ x, y, unit }: { x: number; y: number; unit: string }) =>
    [x, y].map((value) => (unit === 'inch' ? value : value * 2.54));

  it.each(units)('%s stays', async (_, resolution) => {
    const { x, y, unit } = resolution;
    for (const extension of ['tif', 'png', 'jpg', 'webp', 'avif']) {
      const { after, before } = await through(file(x, y, unit), extension);
      expect(before.resolution).toEqual(resolution);
      const got = inch(after.resolution!);
      // In the format's own unit: a JPEG's header has whole numbers, a PNG whole pixels a meter.
      const step = { tif: 0.0001, png: 0.0127, jpg: 0.501, webp: 0.02, avif: 0.02 }[extension]!;
      for (const [i, value] of inch(resolution).entries()) {
        expect(Math.abs(got[i]! - value), `${extension} ${got}`).toBeLessThanOrEqual(
          Number.isInteger(x) && extension === 'jpg' ? 0.0001 : step,
        );
      }
    }
  });

  it('is read by others as it was', async () => {
    const { bytes } = await through(file(300, 300, 'inch'), 'jpg');
    expect((await sharp(bytes).metadata()).density).toBe(300);
    const whole = readDirectories((await through(file(300, 300, 'inch'), 'tif')).bytes)[0]!;
    expect([282, 283, 296].map((tag) => numbersOf(whole.get(tag))[0])).toEqual([300, 300, 2]);
  });

  it.each(FORMATS)('is not made up in .%s, and a note of none is none', async (extension) => {
    const { warnings } = await through(await dot().png().toBuffer(), extension);
    // sharp writes 72 dpi into its PNG: a GIF cannot hold that.
    expect(warnings).toEqual(extension === 'gif' ? ['out.gif: GIF cannot hold the resolution – left out'] : []);
  });
});
