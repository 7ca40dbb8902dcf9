/** Manifests: blocks that are found again by their place, names of all kinds, damage. */
import { appendFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  MANIFEST,
  type ManifestHead,
  readBlock,
  readBlocks,
  readHead,
  writeManifest,
} from '../../../src/cli/queue/manifest.ts';
import { FolderStore } from '../../../src/cli/storage/folder.ts';
import { temporaryFolder, visible } from '../../support/run.ts';

const recipe = { weights: '00', extractor: null, options: { strength: 1 } };
const head: ManifestHead = { manifest: 1, id: 'abc', inputs: ['/old'], options: {}, recipe, perJob: 2 };
const names = ['a.png', 'é\u2028 "1".png', 'sub/x\\y.jpg', '写真.png', 'z.png'];
const jobs = names.map((name) => ({ input: `/old/${name}`, folder: '/old', name, output: `/new/${name}` }));

async function* inTwo() {
  yield jobs.slice(0, 3);
  yield jobs.slice(3);
}

async function made(): Promise<string> {
  const folder = await temporaryFolder();
  const count = await writeManifest(new FolderStore(folder), head, inTwo(), ({ folder, name }) => ({
    folder,
    path: name,
    output: name,
  }));
  expect(count).toBe(5);
  return folder;
}

test('blocks have all lines in order, and are read again by their place', async () => {
  const folder = await made();
  expect(await readHead(new FolderStore(folder))).toEqual(head);
  const blocks = [];
  for await (const block of readBlocks(new FolderStore(folder), 2)) blocks.push(block);
  expect(blocks.map(({ index, lines }) => [index, lines.map(({ path }) => path)])).toEqual([
    [0, names.slice(0, 2)],
    [1, names.slice(2, 4)],
    [2, names.slice(4)],
  ]);
  for (const block of blocks) expect(await readBlock(new FolderStore(folder), block)).toEqual(block.lines);
});

test('there is none before it is whole, nor where its photographs could not be listed', async () => {
  const folder = await temporaryFolder();
  expect(await readHead(new FolderStore(folder))).toBeUndefined();
  async function* broken() {
    yield jobs;
    expect(await readHead(new FolderStore(folder))).toBeUndefined();
    throw new Error('no more');
  }
  const line = () => ({ folder: '/old', path: 'a', output: 'a' });
  await expect(writeManifest(new FolderStore(folder), head, broken(), line)).rejects.toThrow('no more');
  expect(await visible(folder)).toEqual([]);
  expect(await readHead(new FolderStore(folder))).toBeUndefined();
});

test('what is no manifest is refused, with what to do', async () => {
  const folder = await made();
  await appendFile(join(folder, MANIFEST), '{"folder":"/old"}\n');
  const all = async () => {
    for await (const _ of readBlocks(new FolderStore(folder), 100));
  };
  await expect(all()).rejects.toThrow(
    /manifest\.jsonl: expected a photograph in each line, got '\{"folder":"\/old"\}'/,
  );
  await writeFile(join(folder, MANIFEST), '{"manifest":2}\n');
  await expect(readHead(new FolderStore(folder))).rejects.toThrow(
    /expected a manifest of version 1 in the first line.*--rescan/,
  );
  await writeFile(join(folder, MANIFEST), '');
  await expect(readHead(new FolderStore(folder))).rejects.toThrow(/expected a manifest of version 1/);
  await expect(readBlock(new FolderStore(join(folder, 'none')), { at: 0, bytes: 1 })).rejects.toThrow(
    /expected a manifest, got no such file/,
  );
});
