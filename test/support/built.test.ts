/** A stale build is noticed. */
import { mkdir, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { expectFresh } from './built.ts';

const root = await mkdtemp(join(tmpdir(), 'koalarize-built-'));
afterAll(() => rm(root, { recursive: true }));

async function write(path: string, seconds: number): Promise<void> {
  await mkdir(dirname(join(root, path)), { recursive: true });
  await writeFile(join(root, path), '');
  await utimes(join(root, path), seconds, seconds);
}

test('a build is taken when it is there, and newer than every source', async () => {
  for (const path of ['src/a/b.ts', 'shaders/a.wgsl', 'web/index.html', 'scripts/build.js']) await write(path, 1000);
  expect(() => expectFresh(root)).toThrow('expected a build, got none – npm run build');
  await write('dist/cli.js', 2000);
  expectFresh(root);
  await write('shaders/a.wgsl', 3000);
  expect(() => expectFresh(root)).toThrow('got one older than shaders/a.wgsl – npm run build');
});
