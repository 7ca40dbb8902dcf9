/** Coloring of one picture for the service, by a colorizer that is a stub: what its answer says. */
import { expect, test } from 'vitest';
import { colorWith } from '../../../src/cli/serve/color.ts';
import { readQuery } from '../../../src/cli/serve/query.ts';
import { encodeImage } from '../../../src/image/node.ts';
import type { Border } from '../../../src/image/raster/border.ts';
import type { Picture } from '../../../src/image/raster/picture.ts';
import { flat, noise } from '../../support/fixtures.ts';
import { tiff } from '../../support/tiff.ts';

/** An oval: its corners reach the middle of each side. */
const OVAL: Border = [
  [0.1, 0.1],
  [0.2, 0.2],
  [0.1, 0.1],
  [0.2, 0.2],
  [0.3, 0.4],
];

function answerTo(body: Uint8Array, query = '', border?: Border) {
  const chroma = async () => ({ data: Float32Array.of(40, 20), width: 1, height: 1, ...(border && { border }) });
  return colorWith({ chroma }, 1e6)(body, readQuery(query), new AbortController().signal);
}

const png = async (picture: Picture) => (await encodeImage('a.png', picture)).bytes;

test('border and round corners are told in pixels, and nothing where there are none', async () => {
  const body = await png(noise(200, 150, { grey: true }));
  const answer = await answerTo(body, '', OVAL);
  expect(answer).toMatchObject({ format: 'png', width: 200, height: 150, warnings: [] });
  expect([answer.border, answer.corners]).toEqual([
    [15, 40, 15, 40],
    [60, 60],
  ]);
  const plain = await answerTo(body);
  expect(['border' in plain, 'corners' in plain]).toEqual([false, false]);
  const square = await answerTo(body, '', [...OVAL.slice(0, 4)] as unknown as Border);
  expect([square.border, 'corners' in square]).toEqual([[15, 40, 15, 40], false]);
});

test('colors of its own, and further pages, are told of', async () => {
  const color = await png(flat(10, 10, [200, 0, 0]));
  expect((await answerTo(color)).warnings).toEqual([
    'picture: has colors already, which are replaced – keep-color leaves such pictures as they are',
  ]);
  expect((await answerTo(color, 'keep-color')).warnings).toEqual(['picture: has colors already – left as it is']);
  const page = { width: 6, height: 4, data: new Uint8Array(24).fill(100) };
  const album = tiff(page, page);
  expect((await answerTo(album)).warnings).toEqual([
    'picture: has 2 pages or frames, of which the first was taken – page=N takes another',
  ]);
  expect((await answerTo(album, 'page=2')).warnings).toEqual([]);
});

test('nothing more is begun where nobody waits any more', async () => {
  const gone = new AbortController();
  const chroma = async () => {
    gone.abort(new Error('hung up'));
    return { data: Float32Array.of(40, 20), width: 1, height: 1 };
  };
  const body = await png(noise(20, 10, { grey: true }));
  await expect(colorWith({ chroma }, 1e6)(body, readQuery(''), gone.signal)).rejects.toThrow('hung up');
});
