/** README.md is true: its example and its demo run; and it is short. Its links: package/docs.test.ts. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { readImage } from '../src/image/node.ts';
import { isGrey } from '../src/image/raster/picture.ts';
import { built } from './support/built.ts';

const root = resolve(import.meta.dirname, '..');
const readme = readFileSync(join(root, 'README.md'), 'utf8');
const blocks = (language: string) =>
  [...readme.matchAll(new RegExp(`^\`\`\`${language}\n([\\s\\S]*?)^\`\`\``, 'gm'))].map(([, code]) => code!);

test.each(blocks('ts'))('what a library example prints is what its comment says', async (example) => {
  // Inside the package, where it can import itself by name.
  const file = built('readme-example.mjs');
  await writeFile(file, example);
  const { stdout, stderr, status } = spawnSync(process.execPath, [file], { encoding: 'utf8' });
  await rm(file);
  expect(status, stderr).toBe(0);
  expect(stdout.trim().replaceAll('\n', ', ')).toBe(/console\.log\(.*\/\/ (.*)$/m.exec(example)![1]);
});

test('it is short', () => {
  expect(readme.split('\n').length).toBeLessThan(150);
});

test('the demo colors its photographs', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'koalarize-demo-'));
  const { stdout, stderr, status } = spawnSync(process.execPath, [built('demo.js')], {
    cwd: folder,
    encoding: 'utf8',
  });
  expect(status, stderr).toBe(0);
  expect(stdout).toContain('before-after.jpg');
  for (const name of ['french-alpine-landscape', 'dust-bowl-home', 'nagasaki-boats']) {
    const picture = await readImage(join(folder, 'demo', `${name}.jpg`));
    expect(isGrey(picture), name).toBe(false);
  }
  await rm(folder, { recursive: true });
});
