import { readdirSync, statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readTar } from '../../../src/runtime/node/swiftshader.ts';
import { folder, program } from '../../support/child.ts';

/** The driver is built for nothing else. */
const exists = process.platform === 'linux' && process.arch === 'x64';
const PRINT = `
  import { findSwiftShader } from './src/runtime/node/swiftshader.ts';
  import { statSync } from 'node:fs';
  const found = await findSwiftShader();
  console.log(JSON.stringify(found && { ...found, bytes: statSync(found.loader).size }));
`;

function entry(name: string, data: string, type = '0'): Buffer {
  const header = Buffer.alloc(512);
  header.write(name, 0);
  header.write(data.length.toString(8).padStart(11, '0'), 124);
  header.write(type, 156);
  return Buffer.concat([header, Buffer.from(data), Buffer.alloc((512 - (data.length % 512)) % 512)]);
}

test('a tar archive is read: plain files, padded and empty ones, no folders', () => {
  const long = 'x'.repeat(513);
  const tar = Buffer.concat([
    entry('lib/', '', '5'),
    entry('./a', long),
    entry('b', ''),
    entry('c', 'yes'),
    Buffer.alloc(1024),
  ]);
  const text = [...readTar(tar)].map(([name, data]) => [name, new TextDecoder().decode(data)]);
  expect(text).toEqual([
    ['a', long],
    ['b', ''],
    ['c', 'yes'],
  ]);
  expect(() => readTar(tar.subarray(0, 1200))).toThrowErrorMatchingInlineSnapshot(`[Error: it ends inside a]`);
});

test('the driver is unpacked once, by several processes at the same time too', async () => {
  const cache = folder();
  const run = await program(PRINT);
  const results = await Promise.all(Array.from({ length: 4 }, () => run({ XDG_CACHE_HOME: cache })));
  expect(results.map(({ code, stderr }) => `${code}${stderr}`)).toEqual(['0', '0', '0', '0']);
  expect(new Set(results.map(({ stdout }) => stdout)).size).toBe(1);
  if (!exists) return;
  const found = JSON.parse(results[0]!.stdout);
  expect(found.icd).toContain(join(cache, 'koalarize', 'swiftshader-'));
  expect(readdirSync(join(cache, 'koalarize'))).toHaveLength(1);

  const written = statSync(found.icd).mtimeMs;
  await run({ XDG_CACHE_HOME: cache });
  expect(statSync(found.icd).mtimeMs).toBe(written);

  truncateSync(found.loader, 1000);
  await run({ XDG_CACHE_HOME: cache });
  expect(statSync(found.loader).size).toBe(found.bytes);
  expect(readdirSync(join(cache, 'koalarize'))).toHaveLength(1);
});

test('where the cache cannot be written, a temporary folder is used and removed', async () => {
  const temporary = folder();
  const run = await program(PRINT);
  const { code, stdout } = await run({ XDG_CACHE_HOME: join(process.execPath, 'no'), TMPDIR: temporary });
  expect(code).toBe(0);
  if (exists) expect(JSON.parse(stdout).icd).toContain(temporary);
  expect(readdirSync(temporary)).toEqual([]);
});

test('without the package there is no driver', async () => {
  const run = await program(PRINT, []);
  expect(await run()).toEqual({ code: 0, signal: null, stdout: 'undefined\n', stderr: '' });
});
