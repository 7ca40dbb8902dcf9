/** What a ledger says of outputs: of each the latest, and only what was made with the same recipe. */
import { appendFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { ledgerPath } from '../../../src/cli/ledger/file.ts';
import { encodeLine, type LedgerLine } from '../../../src/cli/ledger/line.ts';
import { readKnown } from '../../../src/cli/queue/done.ts';
import { FolderStore } from '../../../src/cli/storage/folder.ts';
import { temporaryFolder } from '../../support/run.ts';

const recipe = { weights: 'w', extractor: null, options: { strength: 1 } };
const other = { ...recipe, options: { strength: 2 } };
const file = { sha256: '0', bytes: 1 };
const input = { folder: '/old', path: 'a', ...file, modified: 0 };

const colored = (path: string, using = recipe): LedgerLine => ({
  result: 'colored',
  input,
  output: { path, ...file },
  recipe: using,
  identity: 'i',
  seconds: 1,
});
const failed = (path: string): LedgerLine => ({
  result: 'failed',
  input,
  output: { path },
  recipe,
  seconds: 1,
  reason: 'no',
});
const redo = (path: string): LedgerLine => ({ result: 'redo', output: { path }, reason: 'was damaged' });

test('the latest line of all files holds', async () => {
  const folder = await temporaryFolder();
  const write = (part: string, second: number, line: LedgerLine) =>
    appendFile(ledgerPath(folder, part), encodeLine(line, new Date(Date.UTC(2026, 0, 1, 0, 0, second)), 'test'));
  await write('worker-b', 1, colored('a'));
  await write('worker-b', 1, colored('é/b'));
  await write('worker-b', 2, failed('c'));
  await write('worker-b', 3, colored('d', other));
  await write('worker-b', 1, colored('e'));
  // Read before the others, written after.
  await write('worker-a', 5, redo('e'));
  await write('worker-a', 5, colored('c'));
  await write('worker-a', 0, failed('a'));
  await appendFile(ledgerPath(folder, 'worker-a'), '{"version":1,');
  const known = await readKnown(new FolderStore(folder), recipe);
  expect(['a', 'é/b', 'c', 'd', 'e', 'f'].map(known)).toEqual([
    'done',
    'done',
    'done',
    undefined,
    undefined,
    undefined,
  ]);
  await write('worker-b', 9, failed('c'));
  expect((await readKnown(new FolderStore(folder), recipe))('c')).toBe('failed');
  expect((await readKnown(new FolderStore(`${folder}/none`), recipe))('a')).toBeUndefined();
});
