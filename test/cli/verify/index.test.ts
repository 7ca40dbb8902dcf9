/** `koalarize verify`: each kind of fault, alone and named; what --repair does; what is none. */
import { appendFile, mkdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { LedgerWriter, ledgerPath, readLedger } from '../../../src/cli/ledger/file.ts';
import { type DoneLine, identityOf, type Recipe } from '../../../src/cli/ledger/line.ts';
import { FolderStore } from '../../../src/cli/storage/folder.ts';
import { verifyCommand } from '../../../src/cli/verify/index.ts';
import { sha256 } from '../../../src/onnx/sha256.ts';
import { temporaryFolder } from '../../support/fixtures.ts';
import { captured } from '../../support/run.ts';

const recipe: Recipe = { weights: 'cd'.repeat(32), extractor: null, options: { strength: 1 } };
let root: string;
let old: string;
let out: string;

async function put(path: string, content: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, content);
}

/** A photograph and an output, with the line for both. */
async function done(input: string, output = input): Promise<DoneLine> {
  await put(join(old, input), `photograph ${input}`);
  await put(join(out, output), `colored ${input}`);
  const [photograph, picture] = [await readFile(join(old, input)), await readFile(join(out, output))];
  const { size, mtimeMs } = await stat(join(old, input));
  const from = { folder: 'old', path: input, sha256: await sha256(photograph), bytes: size, modified: mtimeMs };
  return {
    result: 'colored',
    input: from,
    recipe,
    identity: identityOf(from, recipe),
    output: { path: output, sha256: await sha256(picture), bytes: picture.length },
    seconds: 1,
  };
}

async function append(...lines: Parameters<LedgerWriter['append']>[0][]): Promise<void> {
  const ledger = await LedgerWriter.open(out);
  for (const line of lines) await ledger.append(line);
  await ledger.close();
}

beforeEach(async () => {
  root = await temporaryFolder();
  old = join(root, 'old');
  out = join(root, 'new');
  await append(await done('a.jpg'), await done('sub/b.png'), await done('c.bmp', 'c.png'));
});

async function verify(...argv: string[]) {
  const { code, out: said, err } = await captured(() => verifyCommand([out, ...argv]));
  return { code, lines: said.replaceAll(root, 'ROOT').replaceAll(/ {2,}/g, ' ').trim().split('\n'), err };
}

test('what is right is right, with the folder, with a list of it, and alone', async () => {
  const list = join(root, 'list.txt');
  await put(list, './a.jpg\n\nsub/b.png\r\nc.bmp');
  expect(await verify()).toMatchObject({ code: 0, lines: ['3 outputs: all right'] });
  for (const argv of [
    ['--input', old],
    ['--list', list],
  ]) {
    expect(await verify(...argv)).toMatchObject({ code: 0, lines: ['3 outputs of 3 photographs: all right'] });
  }
  const former = await verify('--manifest', list);
  expect(former).toMatchObject({ code: 0, lines: ['3 outputs of 3 photographs: all right'] });
  expect(former.err).toContain('--manifest is now called --list; the former name is taken until version 0.2');
  // Lines, files and folders that mean nothing.
  await appendFile(ledgerPath(out), '{"version":1,"ti');
  await put(join(out, 'notes.txt'), 'grandmother, 1921');
  await put(join(out, 'inner/x.png'), 'of another call');
  await put(join(out, 'inner/.koalarize.jsonl'), '');
  const { code, lines } = await verify('--input', old);
  expect([code, lines]).toEqual([
    0,
    ['note .koalarize.jsonl, line 4: cut short or damaged – left out', '3 outputs of 3 photographs: all right'],
  ]);
});

describe('a fault', () => {
  const AGAIN = 'color it: the same call, with --skip-existing';
  const MARK = 'mark it with --repair, then color it: the same call, with --skip-existing';
  const cases: [name: string, make: () => Promise<unknown>, expected: string | RegExp][] = [
    ['an output that is gone', () => rm(join(out, 'a.jpg')), `missing a.jpg: the file is gone – ${AGAIN}`],
    [
      'one photograph more',
      () => put(join(old, 'sub/new.jpg'), 'new'),
      `missing sub/new.jpg: no line tells of it in the ledger – ${AGAIN}`,
    ],
    [
      'an output that is shorter',
      () => put(join(out, 'a.jpg'), 'colored a'),
      `damaged a.jpg: expected 13 bytes, got 9 – ${MARK}`,
    ],
    [
      'one bit that has changed',
      () => put(join(out, 'c.png'), 'colored c.bmq'),
      /^damaged c\.png: expected SHA-256 [0-9a-f]{64}, got [0-9a-f]{64} – mark it/,
    ],
    [
      'an output of no line',
      () => put(join(out, 'sub/x.webp'), 'x'),
      `unlisted sub/x.webp: no line of the ledger tells how it was made – ${MARK}`,
    ],
    [
      'a photograph that is another now',
      () => put(join(old, 'a.jpg'), 'photograph A.jpg'),
      `stale a.jpg: its photograph is not the one that it was made of – ${AGAIN}`,
    ],
    [
      'a photograph with two outputs',
      async () => append(await done('a.jpg', 'a-2.jpg')),
      'twice a-2.jpg: made of the same photograph as a.jpg – remove one of the two',
    ],
    [
      'a photograph that could not be colored',
      async () => {
        await put(join(old, 'd.jpg'), 'damaged');
        const input = { folder: 'old', path: 'd.jpg' };
        await append({ result: 'failed', input, recipe, output: { path: 'd.jpg' }, seconds: 1, reason: 'd: damaged' });
      },
      'failed d.jpg: d: damaged – mend or replace the photograph, and color it',
    ],
    [
      'a temporary file',
      () => put(join(out, 'sub/.0123.unfinished'), 'half'),
      'leftover sub/.0123.unfinished: a temporary file of a process that was killed, or still writes – remove it with --repair, when nobody writes any more',
    ],
  ];

  test.each(cases)('%s', async (_, make, expected) => {
    await make();
    const { code, lines } = await verify('--input', old);
    expect(lines).toHaveLength(2);
    expect(lines[0]).toEqual(typeof expected === 'string' ? expected : expect.stringMatching(expected));
    expect(lines[1]).toMatch(/^\d outputs of \d photographs: 1 \w+$/);
    expect(code).toBe(1);
  });

  test('all at once, each named, as JSON too', async () => {
    for (const [, make] of cases) await make();
    const { code, lines } = await verify('--input', old, '--json');
    const told = JSON.parse(lines.join('\n'));
    expect(code).toBe(1);
    // a.jpg was made again for a-2.jpg, of the photograph that there is now; c.png is shorter by nothing.
    expect(told.faults).toEqual({ missing: 1, damaged: 2, unlisted: 1, failed: 1, twice: 1, leftover: 1 });
    expect(told.list.map(({ path }: { path: string }) => path)).toContain('sub/.0123.unfinished');
    expect(told).toMatchObject({ outputs: 5, photographs: 5, repaired: [], notes: [] });
  });
});

test('a photograph that only has another time is the same', async () => {
  await utimes(join(old, 'a.jpg'), 1, 1);
  expect((await verify('--input', old)).code).toBe(0);
});

test('--accept-failed counts what cannot be colored, and takes it for done', async () => {
  const input = { folder: 'old', path: 'd.jpg' };
  await put(join(old, 'd.jpg'), 'damaged');
  await append({ result: 'failed', input, recipe, output: { path: 'd.jpg' }, seconds: 1, reason: 'damaged' });
  const { code, lines } = await verify('--input', old, '--accept-failed');
  expect([code, lines]).toEqual([
    0,
    ['note 1 photographs could not be colored', '3 outputs of 4 photographs: all right'],
  ]);
});

test('names that two folders have are wanted twice', async () => {
  await put(join(root, 'other/a.jpg'), 'another photograph');
  const { lines } = await verify('--input', old, '--input', join(root, 'other'));
  expect(lines[0]).toMatch(/^missing a\.jpg: 2 photographs have this name, and 1 of them a line in the ledger – /);
  const line = await done('a.jpg', 'a-2.jpg');
  await put(join(out, 'a-2.jpg'), 'colored a.jpg');
  await append({ ...line, input: { ...line.input, folder: 'other' } });
  expect((await verify('--input', old, '--input', join(root, 'other'))).code).toBe(0);
});

test('of two outputs one may be removed, and of a photograph that is not wanted any more its output', async () => {
  await append(await done('a.jpg', 'a-2.jpg'));
  await rm(join(out, 'a-2.jpg'));
  expect((await verify('--input', old)).code).toBe(0);
  for (const folder of [old, out]) await rm(join(folder, 'sub/b.png'));
  expect((await verify('--input', old)).code).toBe(0);
  expect((await verify()).lines[0]).toMatch(/^missing sub\/b\.png: the file is gone/);
});

test('--repair removes temporary files and marks the rest, no picture is lost, and once is enough', async () => {
  await put(join(out, 'a.jpg'), 'colored A.jpg');
  await put(join(out, 'x.png'), 'a picture of somebody');
  await put(join(out, '.0123.unfinished'), 'half');
  const { code, lines } = await verify('--repair');
  expect(code).toBe(1);
  expect(lines.filter((line) => line.startsWith('repaired'))).toEqual([
    'repaired removed .0123.unfinished',
    'repaired marked a.jpg',
    'repaired marked x.png',
  ]);
  expect(await readFile(join(out, 'x.png'), 'utf8')).toBe('a picture of somebody');
  const { entries } = await readLedger(new FolderStore(out));
  expect(entries.get('a.jpg')!.made).toMatchObject({
    result: 'redo',
    reason: 'was damaged',
    input: { folder: 'old', path: 'a.jpg' },
  });
  const again = await verify('--repair');
  expect(again.lines.map((line) => line.split(' – ')[0])).toEqual([
    'stale a.jpg: was damaged',
    'stale x.png: was unlisted',
    '4 outputs: 2 stale',
  ]);
  await rm(join(out, 'a.jpg'));
  await rm(join(out, 'x.png'));
  expect((await verify()).lines.map((line) => line.split(' – ')[0])).toEqual([
    'missing a.jpg: was damaged',
    '2 outputs: 1 missing',
  ]);
});

test.each([
  [['--input', 'a', '--list', 'b'], 2, /--input and --list: expected one of them, got both/],
  [['--list', 'ROOT/none.txt'], 1, /none\.txt: expected a list of photographs, got no such file/],
  [['--list', 'ROOT/absolute.txt'], 1, /absolute\.txt, line 2: expected a path inside the folder/],
  [['--input', 'ROOT/none'], 1, /none: expected a folder, got no such file/],
])('%j', async (argv, code, message) => {
  await put(join(root, 'absolute.txt'), 'a.jpg\n/home/a.jpg\n');
  const result = await verify(...argv.map((word) => word.replace('ROOT', root)));
  expect(result.err).toMatch(message);
  expect(result.code).toBe(code);
});

test('a folder without a ledger, and none', async () => {
  const at = (folder: string) => captured(() => verifyCommand([folder]));
  expect(await at(old)).toMatchObject({ code: 1, err: expect.stringContaining('expected a folder with a ledger') });
  expect(await at(join(root, 'none'))).toMatchObject({
    code: 1,
    err: expect.stringContaining('expected a folder, got'),
  });
});
