/** Jobs of a manifest that another one has replaced meanwhile: their places mean nothing in the new one. */
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { requestOf } from '../../../src/cli/colorize/options.ts';
import { recipeOf } from '../../../src/cli/colorize/recipe.ts';
import type { ColorJob } from '../../../src/cli/queue/engine.ts';
import { type Block, readBlocks, writeManifest } from '../../../src/cli/queue/manifest.ts';
import { JobRunner } from '../../../src/cli/queue/run_job.ts';
import { FolderStore } from '../../../src/cli/storage/folder.ts';
import { writePicture } from '../../support/pictures.ts';
import { temporaryFolder, visible, writeTestWeights } from '../../support/run.ts';
import { stub } from './stub.ts';

test('a worker that has the former manifest open colors nothing more of it', async () => {
  const folder = await temporaryFolder();
  const photos = join(folder, 'photos');
  const weights = join(folder, 'weights.safetensors');
  await writeTestWeights(weights);
  const store = new FolderStore(join(folder, 'out'));
  const names = ['a.png', 'b.png'];
  for (const [i, name] of names.entries()) await writePicture(join(photos, name), i, 24, 16);
  // All but one digit is the same, and so are the places of all lines.
  const write = async (id: string, strength: number) => {
    const options = { weights, strength };
    const recipe = await recipeOf(requestOf([photos], { ...options, output: store.name }));
    async function* jobs() {
      yield names.map((name) => ({ input: join(photos, name), folder: photos, name, output: store.place(name) }));
    }
    const head = { manifest: 1, id, inputs: [photos], options, recipe, perJob: 1 } as const;
    await writeManifest(store, head, jobs(), ({ name }) => ({ folder: photos, path: name, output: name }));
    const blocks: Block[] = [];
    for await (const block of readBlocks(store, 1)) blocks.push(block);
    return blocks.map(({ index, at, bytes }) => {
      const data = { output: store.name, manifest: id, at, bytes, lines: [0] };
      return { id: `${id}-${index}`, data, progress: 0, updateProgress: async () => undefined } as unknown as ColorJob;
    });
  };
  const former = await write('aaa', 1.5);
  const runner = new JobRunner(async () => stub());
  const counts = { colored: 1, kept: 0, failed: 0 };
  expect(await runner.run(former[0]!)).toEqual({ kind: 'done', counts });
  const newer = await write('bbb', 1.6);
  expect(newer.map(({ data }) => data.at)).toEqual(former.map(({ data }) => data.at));
  expect(await runner.run(former[1]!)).toEqual({ kind: 'done', counts: { ...counts, colored: 0 } });
  expect(await visible(store.folder)).toEqual(['a.png']);
  expect(await runner.run(newer[1]!)).toEqual({ kind: 'done', counts });
  expect(await visible(store.folder)).toEqual(names);
  await runner.close();
});
