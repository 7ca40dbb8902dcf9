/** Files of a ledger: appended to by several processes, cut short by none that lives, read as what happened last. */
import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { isLedgerName, LedgerWriter, ledgerPath, readLedger } from '../../../src/cli/ledger/file.ts';
import { encodeLine, identityOf, type LedgerLine, type Recipe } from '../../../src/cli/ledger/line.ts';
import { FolderStore } from '../../../src/cli/storage/folder.ts';
import { program } from '../../support/child.ts';
import { temporaryFolder } from '../../support/fixtures.ts';

let folder: string;
beforeEach(async () => {
  folder = await temporaryFolder();
});

const sha256 = 'ab'.repeat(32);
const recipe: Recipe = { weights: 'cd'.repeat(32), extractor: null, options: { strength: 1 } };

function colored(path: string): LedgerLine {
  const input = { folder: 'old', path, sha256, bytes: 3, modified: 1 };
  return {
    result: 'colored',
    input,
    recipe,
    identity: identityOf(input, recipe),
    output: { path, sha256, bytes: 4 },
    seconds: 1,
  };
}

function failed(path: string): LedgerLine {
  return { result: 'failed', input: { folder: 'old', path }, recipe, output: { path }, seconds: 1, reason: 'damaged' };
}

const redo = (path: string): LedgerLine => ({ result: 'redo', output: { path }, reason: 'was damaged' });

async function append(...lines: LedgerLine[]): Promise<void> {
  const writer = await LedgerWriter.open(folder);
  for (const line of lines) await writer.append(line);
  await writer.close();
}

const results = async () =>
  Object.fromEntries(
    [...(await readLedger(new FolderStore(folder))).entries].map(([path, { made, failed }]) => [
      path,
      [made?.result, failed?.result].filter(Boolean).join(' '),
    ]),
  );

test('the line that came last holds; of one that failed it is known what was there before', async () => {
  await append(colored('a'), failed('b'), colored('c'), colored('d'), failed('e'));
  await append(failed('a'), colored('b'), redo('c'), redo('d'), colored('d'));
  expect(await results()).toEqual({ a: 'colored failed', b: 'colored', c: 'redo', d: 'colored', e: 'failed' });
  expect((await readLedger(new FolderStore(folder), ({ output }) => output.path === 'b')).entries.size).toBe(1);
  expect(await readLedger(new FolderStore(join(folder, 'missing')))).toEqual({
    entries: new Map(),
    torn: [],
    files: [],
  });
});

test('which came last is told by time, from whichever file', async () => {
  const at = (line: LedgerLine, hour: number) => encodeLine(line, new Date(Date.UTC(2026, 0, 1, hour)), 'koalarize');
  const one = [at(failed('a'), 3), at(colored('b'), 1), at(failed('c'), 1)];
  const two = [at(colored('a'), 2), at(failed('b'), 2), at(colored('c'), 2), at(failed('c'), 0)];
  await writeFile(ledgerPath(folder, { index: 0, count: 2 }), Buffer.concat(one));
  await writeFile(ledgerPath(folder, { index: 1, count: 2 }), Buffer.concat(two));
  await writeFile(join(folder, '.koalarize.json'), 'another file');
  expect(await results()).toEqual({ a: 'colored failed', b: 'colored failed', c: 'colored' });
  expect((await readLedger(new FolderStore(folder))).files).toEqual([
    '.koalarize-0-of-2.jsonl',
    '.koalarize-1-of-2.jsonl',
  ]);
  expect(['.koalarize.jsonl', '.koalarize-3-of-12.jsonl', '.koalarize-gpu7.jsonl'].every(isLedgerName)).toBe(true);
  expect(['koalarize.jsonl', '.koalarize.jsonl.bak', '.koalarize-/.jsonl'].some(isLedgerName)).toBe(false);
});

test('a line that was cut short is named and spoils none, neither behind it nor at the end', async () => {
  const path = ledgerPath(folder);
  await append(colored('a'));
  const whole = await readFile(path, 'utf8');
  await appendFile(path, whole.slice(0, 50));
  expect(await readLedger(new FolderStore(folder))).toMatchObject({ torn: [{ file: '.koalarize.jsonl', line: 2 }] });
  await append(colored('b'), colored('c'));
  await appendFile(path, `${whole.slice(0, 80)}\n\n`);
  await append(colored('d'));
  expect(await results()).toEqual({ a: 'colored', b: 'colored', c: 'colored', d: 'colored' });
  expect((await readLedger(new FolderStore(folder))).torn.map(({ line }) => line)).toEqual([2, 5]);
});

test('lines of four processes never mix', async () => {
  const [processes, count] = [4, 500];
  const run = await program(
    `import { LedgerWriter } from './src/cli/ledger/file.ts';
    const { FOLDER, NAME } = process.env;
    const writer = await LedgerWriter.open(FOLDER);
    for (let i = 0; i < ${count}; i++) {
      const path = NAME + '/' + i + 'x'.repeat((i * 37) % 5000);
      await writer.append({ result: 'redo', output: { path }, reason: 'a test' });
    }
    await writer.close();`,
    [],
  );
  const ends = Array.from({ length: processes }, (_, i) => run({ FOLDER: folder, NAME: `p${i}` }));
  for (const { code, stderr } of await Promise.all(ends)) expect(code, stderr).toBe(0);
  const { entries, torn } = await readLedger(new FolderStore(folder));
  expect(torn).toEqual([]);
  expect(entries.size).toBe(processes * count);
});
