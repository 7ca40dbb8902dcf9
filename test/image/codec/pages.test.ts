/** Pages and frames: thumbnails are no pictures, and no picture is left out in silence. */
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { decodeForTraining, readImage } from '../../../src/image/node.ts';
import { png } from '../../support/png.ts';
import { type TiffPage, tiff } from '../../support/tiff.ts';

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

  it('of an animated PNG are said not to be read', async () => {
    const control = Uint8Array.of(0, 0, 0, 3, 0, 0, 0, 0);
    const { warnings } = await readImage(png(2, 1, 0, 8, [1, 2], [['acTL', control]]), { name: 'a.png' });
    expect(warnings).toEqual(['a.png: is an animated PNG, of which only the still picture is read']);
  });
});
