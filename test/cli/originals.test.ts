/** Every command that writes a file: none writes over one that it reads. */
import { createHash } from 'node:crypto';
import { link, mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { compareCommand } from '../../src/cli/compare/index.ts';
import { evalCommand } from '../../src/cli/eval/index.ts';
import { exportCommand } from '../../src/cli/export.ts';
import { studyCommand } from '../../src/cli/study/index.ts';
import { writePictures } from '../support/pictures.ts';
import { captured, temporaryFolder, writeTestWeights } from '../support/run.ts';

let folder: string;
let names: readonly string[];
let before: readonly string[];
/** What is in the files, as numbers of their own. */
const read = () =>
  Promise.all(
    names.map(async (name) =>
      createHash('sha256')
        .update(await readFile(join(folder, name)))
        .digest('hex'),
    ),
  );

beforeAll(async () => {
  folder = await temporaryFolder();
  await writePictures(join(folder, 'photos'), 3);
  await mkdir(join(folder, 'others'));
  await writePictures(join(folder, 'others'), 3);
  // Names of files say little about what is in them.
  await writeTestWeights(join(folder, 'weights.onnx'));
  await writeTestWeights(join(folder, 'weights.safetensors'));
  await writeFile(join(folder, 'extractor.html'), 'an extractor, for all that is known');
  await link(join(folder, 'weights.onnx'), join(folder, 'hard.onnx'));
  await symlink('weights.onnx', join(folder, 'soft.onnx'));
  await link(join(folder, 'photos/0.png'), join(folder, 'hard.png'));
  await symlink('photos', join(folder, 'link'));
  names = ['photos/0.png', 'photos/1.png', 'photos/2.png', 'others/1.png', 'weights.onnx', 'extractor.html'];
  before = await read();
});
afterAll(() => rm(folder, { recursive: true }));

const commands = { compare: compareCommand, eval: evalCommand, export: exportCommand, study: studyCommand };
type Name = keyof typeof commands;

test.each<[Name, string]>([
  ['export', 'weights.onnx -o weights.onnx'],
  ['export', 'weights.onnx -o hard.onnx'],
  ['export', 'weights.onnx -o soft.onnx'],
  ['eval', 'photos --sheet photos/1.png'],
  ['eval', 'photos --sheet link/1.png'],
  ['eval', 'photos --sheet hard.png'],
  ['eval', 'photos --html extractor.html --inception extractor.html'],
  ['compare', 'photos weights.safetensors -o photos/2.png'],
  ['compare', 'photos others -o others/1.png'],
  ['compare', 'photos weights.safetensors -o extractor.html --inception extractor.html'],
  ['study', 'photos -o extractor.html --inception extractor.html'],
])('%s %s', async (name, line) => {
  const words = line.split(' ').map((word) => (/\.|^(photos|others)$/.test(word) ? join(folder, word) : word));
  const { code, err } = await captured(() => commands[name](words));
  expect(code).toBe(1);
  expect(err).toMatch(/^failed: -\S* .*: expected another file than those that are read, got one – name another\n$/);
  expect(await read()).toEqual(before);
});

test('eval refuses the folder of the photographs as its output', async () => {
  const { code, err } = await captured(() => evalCommand([join(folder, 'photos'), '-o', join(folder, 'link')]));
  expect(code).toBe(2);
  expect(err).toContain('--output: expected another folder than that of the photographs');
  expect(await read()).toEqual(before);
});
