/** Files of a round: what is read must be of this round, whole, and of the checkpoint that it begins with. */
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { type Round, RoundFiles, setAsideAfter } from '../../../../src/cli/train/rounds/files.ts';
import { RunFolder } from '../../../../src/cli/train/run_folder.ts';
import { sha256 } from '../../../../src/onnx/sha256.ts';
import { encodeCheckpoint, type TrainingState } from '../../../../src/train/checkpoint.ts';
import { temporaryFolder } from '../../../support/run.ts';

const tensors = (value: number) => new Map([['w', { shape: [1], data: Float32Array.of(value) }]]);
const stateOf = (value: number): TrainingState => ({
  weights: tensors(value),
  moments: { m: tensors(0), v: tensors(0) },
  step: 40,
});

let path: string;
let folder: RunFolder;
let files: RoundFiles;
let round: Round;
beforeEach(async () => {
  path = await temporaryFolder();
  folder = new RunFolder(path);
  await mkdir(join(path, 'checkpoints'));
  files = new RoundFiles(folder, { size: '32' }, 100);
  const start = encodeCheckpoint(stateOf(5), {});
  await folder.writeCheckpoint(40, start);
  round = { from: 40, to: 100, start: await sha256(start) };
});

test('a round begins with its checkpoint, and with no other', async () => {
  expect((await files.start(round)).weights).toEqual(tensors(5));
  await expect(files.start({ ...round, start: '12'.repeat(32) })).rejects.toThrow(
    `step-000040.safetensors: expected the checkpoint that the round begins with (SHA-256 121212121212…), got another (${round.start.slice(0, 12)}…) – do all machines have the same folder? Then go on with --resume`,
  );
  await expect(files.start({ ...round, from: 60 })).rejects.toThrow(
    'step-000060.safetensors: expected a file, got no such file',
  );
});

test('a checkpoint that is seen late is waited for', async () => {
  const late = encodeCheckpoint(stateOf(6), {});
  const patient = new RoundFiles(folder, {}, 20_000);
  const reading = patient.start({ from: 60, to: 100, start: await sha256(late) });
  await folder.writeCheckpoint(60, encodeCheckpoint(stateOf(7), {}));
  setTimeout(() => void folder.writeCheckpoint(60, late), 400);
  expect((await reading).weights).toEqual(tensors(6));
});

test('what a share has come to is read for the same round alone, and written with the same bytes', async () => {
  await files.begin(round);
  const result = { state: stateOf(8), loss: 1 / 3 };
  await files.write(round, 1, result);
  const file = join(path, 'rounds/step-000040/share-1.safetensors');
  const bytes = await readFile(file);
  expect(await files.result(round, 1)).toEqual(result);
  expect(await files.finished(round, 1)).toEqual(result);
  expect(await files.result(round, 0)).toBeUndefined();
  for (const other of [{ start: '34'.repeat(32) }, { to: 120 }]) {
    expect(await files.result({ ...round, ...other }, 1), JSON.stringify(other)).toBeUndefined();
  }
  await files.write(round, 1, result);
  expect((await readFile(file)).equals(bytes)).toBe(true);
  await writeFile(file, bytes.subarray(0, bytes.length - 2));
  expect(await files.result(round, 1)).toBeUndefined();
  await expect(files.finished(round, 1)).rejects.toThrow(
    'share-1.safetensors: expected what a share of the round has come to, got none',
  );
});

test('nothing is written into a round that is over', async () => {
  await files.begin(round);
  const next = { from: 80, to: 100, start: '56'.repeat(32) };
  await files.begin(next);
  await files.clean(next);
  expect(await readdir(join(path, 'rounds'))).toEqual(['step-000080']);
  expect([await files.isOpen(round), await files.isOpen(next)]).toEqual([false, true]);
  await expect(files.write(round, 0, { state: stateOf(1), loss: 1 })).rejects.toThrow('got no such folder');
  await files.clean();
  expect(await readdir(path)).toEqual(['checkpoints']);
});

test('later checkpoints are put aside, not removed', async () => {
  await folder.writeCheckpoint(80, Uint8Array.of(1));
  expect(await folder.newestStep()).toBe(80);
  await setAsideAfter(folder, 40);
  expect(await folder.newestStep()).toBe(40);
  expect((await readdir(join(path, 'checkpoints'))).sort()).toEqual(['step-000040.safetensors', 'step-000080.damaged']);
});
