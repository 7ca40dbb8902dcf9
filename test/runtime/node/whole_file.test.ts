/** Files that are either whole or not there. */
import { spawnSync } from 'node:child_process';
import { mkdir, open, readdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { expect, test, vi } from 'vitest';
import { codeOf } from '../../../src/runtime/file_errors.ts';
import { makeFolder, writeWhole } from '../../../src/runtime/node/whole_file.ts';
import { temporaryFolder } from '../../support/fixtures.ts';
import { refusal } from '../../support/refusal.ts';

test.each([
  ['ASCII', `${'n'.repeat(251)}.png`],
  ['more bytes a letter', `${'é'.repeat(125)}n.png`],
])('a name of 255 bytes can be written: %s', async (_, name) => {
  expect(Buffer.byteLength(name)).toBe(255);
  const folder = await temporaryFolder();
  await writeWhole(join(folder, name), 'content');
  expect(await readdir(folder)).toEqual([name]);
  expect(await readFile(join(folder, name), 'utf8')).toBe('content');
});

test('what cannot be written leaves the old file, and nothing else', async () => {
  const folder = await temporaryFolder();
  await writeFile(join(folder, 'a.txt'), 'old');
  const file = await open(join(folder, 'a.txt'));
  const full = Object.assign(new Error('ENOSPC: no'), { code: 'ENOSPC' });
  const write = vi.spyOn(Object.getPrototypeOf(file) as typeof file, 'writeFile').mockRejectedValue(full);
  await file.close();
  const error = await writeWhole(join(folder, 'a.txt'), 'new').catch((cause: Error) => cause);
  write.mockRestore();
  expect(error).toEqual(refusal('EnvironmentError', `${folder}/a.txt`, 'a full disk'));
  expect(codeOf(error)).toBe('ENOSPC');
  expect(await readdir(folder)).toEqual(['a.txt']);
  expect(await readFile(join(folder, 'a.txt'), 'utf8')).toBe('old');
});

test('messages say what is in the way', async () => {
  const folder = await temporaryFolder();
  await mkdir(join(folder, 'taken.png'));
  await writeFile(join(folder, 'file'), '');
  const long = 'n'.repeat(256);
  const tooLong = 'a name that is longer than the disk allows';
  const aFile = 'a file where a folder should be';
  for (const [name, work, got] of [
    ['taken.png', writeWhole, 'a folder of that name'],
    [long, writeWhole, tooLong],
    [long, makeFolder, tooLong],
    ['file', makeFolder, aFile],
    ['file/below', makeFolder, aFile],
  ] as const) {
    const path = join(folder, name);
    await expect(work(path, '')).rejects.toThrow(refusal('EnvironmentError', path, got, 'a folder to write into'));
  }
});

test('a process that ends in the midst of it leaves nothing', async () => {
  const folder = await temporaryFolder();
  const module = resolve(import.meta.dirname, '../../../src/runtime/node/whole_file.ts');
  const program = `
    import { readdirSync } from 'node:fs';
    import { writeWhole } from ${JSON.stringify(module)};
    void writeWhole(process.argv[2] + '/large', new Uint8Array(1e8));
    const look = () => {
      const names = readdirSync(process.argv[2]);
      if (names.length === 0) return setImmediate(look);
      console.log(names.length);
      process.exit(0);
    };
    look();`;
  // Node 20 takes no TypeScript: esbuild, which vitest brings along, makes it JavaScript.
  const { build } = await import('esbuild');
  const { outputFiles } = await build({
    stdin: { contents: program, resolveDir: folder, loader: 'ts' },
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'node',
  });
  const script = join(await temporaryFolder(), 'program.mjs');
  await writeFile(script, outputFiles[0]!.text);
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, folder], {
    encoding: 'utf8',
  });
  expect([status, stdout.trim()], stderr).toEqual([0, '1']);
  expect(await readdir(folder)).toEqual([]);
});
