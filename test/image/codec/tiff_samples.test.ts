/** Sample types and color models of TIFF files: each gives the same picture, or a message that names it. */
import { describe, expect, it } from 'vitest';
import { labToRgb } from '../../../src/image/color/lab.ts';
import { decodeForTraining, readImage } from '../../../src/image/node.ts';
import { decoded, opaqueGrey, page, RAMP, WIDTH, whole, worst } from '../../support/image_ramp.ts';
import { type TiffPage, tiff } from '../../support/tiff.ts';

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
      // Nor do they hide what is learned from.
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
