/** External data: which locations are accepted, where numbers are found in their files, and the hash of all files. */
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { decodeOnnx, externalLocations } from '../../src/onnx/decode.ts';
import { readOnnx } from '../../src/onnx/read.ts';
import { externalTensor, model, node, rawData } from '../support/proto_builder.ts';

type Entries = Parameters<typeof externalTensor>[2];
const FILE = rawData([9, 1, 2, 3, 4]);
const POINTER = 'version https://git-lfs.github.com/spec/v1\noid sha256:4665a5ea423c2713d436\nsize 123456\n';
const reading = (entries: Entries, shape: readonly number[] = [2, 2]) =>
  model({
    inputs: { x: shape },
    outputs: { y: shape },
    initializers: [externalTensor('w', shape, entries)],
    nodes: [node('Add', ['x', 'w'], ['y'])],
  });
const decode = (entries: Entries, shape?: readonly number[]) =>
  decodeOnnx(reading(entries, shape), 'm.onnx', new Map([['m.data', FILE]]));

test.each<[Entries, readonly number[], readonly number[]]>([
  [{ location: 'm.data', offset: 4, length: 16, checksum: 'ignored' }, [2, 2], [1, 2, 3, 4]],
  [{ location: 'm.data', offset: 8 }, [3], [2, 3, 4]],
  [{ location: 'm.data', length: 4 }, [], [9]],
  [{ location: 'm.data' }, [5], [9, 1, 2, 3, 4]],
])('%j', (entries, shape, numbers) => {
  const { graph, bytes } = decode(entries, shape);
  expect([...graph.initializers.get('w')!.floats()]).toEqual(numbers);
  expect(bytes).toBe(reading(entries, shape).length + FILE.length);
});

test.each<[string, Entries, string]>([
  ['past the end', { location: 'm.data', offset: 8, length: 16 }, "within the 20 bytes of 'm.data', got 16 from 8 on"],
  ['an offset past the end', { location: 'm.data', offset: 24 }, "within the 20 bytes of 'm.data', got -4 from 24 on"],
  ['a length of another shape', { location: 'm.data', length: 12 }, 'for shape [2,2], got 12 bytes'],
  ['a rest of another shape', { location: 'm.data' }, 'for shape [2,2], got 20 bytes'],
  ['a negative offset', { location: 'm.data', offset: -4 }, "external data's offset in bytes, got '-4'"],
  ['a length past 2^53', { location: 'm.data', length: '9'.repeat(30) }, "external data's length in bytes, got '999"],
  ['a fraction', { location: 'm.data', offset: '1.5' }, "external data's offset in bytes, got '1.5'"],
  [
    'no such file',
    { location: 'n.data' },
    "its numbers in 'n.data', where the model's weights are stored, got no such file – give that file's bytes as",
  ],
])('%s: rejected', (_, entries, message) => {
  const failure = expect.objectContaining({ name: 'FormatError', message: expect.stringContaining(message) });
  expect(() => decode(entries)).toThrow(failure);
});

test.each([
  '../up',
  'a/../../up',
  '..',
  '/etc/passwd',
  'C:\\x',
  'c:x',
  'a\\..\\b',
  '',
  'a//b',
  'a/',
  'http://h/x',
  'a\0b',
])('location %j: rejected', (location) => {
  const failure = expect.objectContaining({
    name: 'FormatError',
    message: expect.stringContaining("expected external data in a file below the model's folder"),
  });
  expect(() => externalLocations(reading({ location }), 'm.onnx')).toThrow(failure);
  expect(() => decode({ location })).toThrow(failure);
});

test('locations are listed once, sorted, those of Constant nodes too', () => {
  const bytes = model({
    inputs: { x: [1] },
    outputs: { y: [1] },
    initializers: ['b/w', 'a', 'a'].map((location, i) => externalTensor(`w${i}`, [1], { location })),
    nodes: [node('Constant', [], ['y'], { value: externalTensor('', [1], { location: '..data' }) })],
  });
  expect(externalLocations(bytes, 'm.onnx')).toEqual(['..data', 'a', 'b/w']);
});

test('files beside the model are read, and are part of its SHA-256', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'onnx-'));
  mkdirSync(join(folder, 'sub'));
  const bytes = reading({ location: 'sub/é #.data', length: 16 });
  writeFileSync(join(folder, 'm.onnx'), bytes);
  writeFileSync(join(folder, 'sub/é #.data'), FILE);
  const sha256 = (of: Uint8Array) => createHash('sha256').update(of).digest();
  const expected = sha256(Buffer.concat([sha256(bytes), sha256(FILE)])).toString('hex');
  for (const source of [join(folder, 'm.onnx'), pathToFileURL(join(folder, 'm.onnx'))]) {
    const file = await readOnnx(source);
    expect([...file.graph.initializers.get('w')!.floats()]).toEqual([9, 1, 2, 3]);
    expect(file.sha256).toBe(expected);
  }
  const given = await readOnnx(bytes, { external: { 'sub/é #.data': FILE } });
  expect(given.sha256).toBe(expected);
  await expect(readOnnx(bytes)).rejects.toThrow('got no such file');
});

test('weights that are not beside the model: which model, which file, what it is, and what to do', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'onnx-'));
  const path = join(folder, 'm.onnx');
  writeFileSync(path, reading({ location: 'w.data' }));
  const message = () => readOnnx(path).then(String, (error: Error) => `${error.name}: ${error.message}`);
  const expected = `${path}: expected the model's weights, which are stored beside it in 'w.data', got `;
  expect(await message()).toBe(
    `EnvironmentError: ${expected}no such file – put that file into the folder of the model, and keep its name`,
  );
  writeFileSync(join(folder, 'w.data'), POINTER);
  expect(await message()).toBe(`FormatError: ${expected}a Git LFS pointer to them – fetch them with 'git lfs pull'`);
});

test('a Git LFS pointer in place of a model', async () => {
  await expect(readOnnx(new TextEncoder().encode(POINTER), { name: 'm.onnx' })).rejects.toThrow(
    "m.onnx: expected an ONNX model, got a Git LFS pointer to it – fetch it with 'git lfs pull'",
  );
});
