/** Pictures of archives that cannot be learned from. */
import { expect, test } from 'vitest';
import type { PictureFile } from '../../../../src/cli/shared/scan.ts';
import { firstUsable, Usable } from '../../../../src/cli/train/archives/usable.ts';
import { decodeForTraining, encodeImage } from '../../../../src/image/node.ts';
import type { Picture } from '../../../../src/image/raster/picture.ts';
import { EnvironmentError } from '../../../../src/runtime/errors.ts';
import { picture } from '../../../support/pictures.ts';

const png = async (picture: Picture) => (await encodeImage('a.png', picture)).bytes;
const good = (seed: number) => png(picture(seed, 40, 40));
const grey = () => png({ width: 40, height: 40, data: new Uint8ClampedArray(6400).fill(255) });
const damaged = async () => Uint8Array.of(1, 2, 3);
const files = (...reads: (() => Promise<Uint8Array>)[]): PictureFile[] =>
  reads.map((read, i) => ({ path: `a.tar, picture ${i + 1}`, hash: `${i}`, read }));
const decode = async ({ path, read }: PictureFile) => decodeForTraining(await read!(), { shorter: 32, name: path });

test('in place of damaged and grey pictures comes the next that is neither, from the first again after the last', async () => {
  const list = files(
    () => good(1),
    damaged,
    grey,
    () => good(2),
    grey,
  );
  const usable = new Usable(list);
  const pixels = await Promise.all([0, 3].map(async (i) => (await decode(list[i]!)).data));
  expect((await usable.first(1, decode)).data).toEqual(pixels[1]);
  expect(usable.at(1)).toBe(list[3]);
  expect((await usable.first(4, decode)).data).toEqual(pixels[0]);
  expect(usable.at(4)).toBe(list[0]);
  expect(usable.at(0)).toBe(list[0]);
  expect((await firstUsable(list, 9)).map(({ hash }) => hash)).toEqual(['0', '3']);
});

test('where nothing can be used, it ends, and says what was found last', async () => {
  const once = await grey();
  await expect(new Usable(files(async () => once)).first(0, decode)).rejects.toThrow(
    'a.tar, picture 1: expected a color picture among the archives, got 100 in a row that are damaged or grey',
  );
  await expect(new Usable(files(damaged)).first(0, decode)).rejects.toThrow(/a\.tar, picture 1/);
});

test('an archive that is gone is an error, and so is a file that was looked at before', async () => {
  const gone = files(() => Promise.reject(new EnvironmentError({ where: 'a.tar', expected: 'x', got: 'nothing' })));
  await expect(new Usable(gone).first(0, decode)).rejects.toThrow('a.tar: expected x, got nothing');
  const file = { path: 'a.png', hash: '0' };
  const once = new Usable([file, { path: 'b.png', hash: '1' }]);
  await expect(once.first(0, async () => decode({ ...file, read: damaged }))).rejects.toThrow(/a\.png/);
});
