/** `koalarize average`: the mean of weights, in a file like theirs. */
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { averageCommand } from '../../src/cli/average.ts';
import { decodeSafetensors, encodeSafetensors } from '../../src/formats/safetensors.ts';
import { decodeWeights } from '../../src/model/weights.ts';
import { sha256 } from '../../src/onnx/sha256.ts';
import { captured, temporaryFolder } from '../support/run.ts';
import { testWeights } from '../support/weights.ts';

let folder: string;
const at = (name: string) => join(folder, name);
beforeAll(async () => {
  folder = await temporaryFolder();
  await writeFile(at('a.safetensors'), testWeights(1));
  await writeFile(at('b.safetensors'), testWeights(4));
});
afterAll(() => rm(folder, { recursive: true }));

const average = (...argv: string[]) => captured(() => averageCommand(argv));

test('writes the mean of each number, and what it was made from', async () => {
  const out = at('mean.safetensors');
  const { code, err } = await average(at('a.safetensors'), at('b.safetensors'), '-o', out);
  expect(code, err).toBe(0);
  const [a, b, mean] = await Promise.all(
    ['a', 'b', 'mean'].map(async (name) => decodeWeights(await readFile(at(`${name}.safetensors`)), name)),
  );
  expect([...mean!.tensors.keys()]).toEqual([...a!.tensors.keys()]);
  const last = (weights: typeof a) => weights!.tensors.get('dec5.weight')!.data;
  last(mean).forEach((value, i) => {
    const truth = (last(a)[i]! + last(b)[i]!) / 2;
    // float16 has 11 bits.
    expect(Math.abs(value - truth)).toBeLessThanOrEqual(Math.abs(truth) * 2 ** -11 + 2 ** -25);
  });
  expect(Math.max(...last(mean))).toBeGreaterThan(2 * Math.max(...last(a)));
  const hashes = await Promise.all(['a', 'b'].map(async (name) => sha256(await readFile(at(`${name}.safetensors`)))));
  expect(mean!.metadata.average_of).toBe(hashes.join(' '));
});

test('refuses other networks, a single file, an output that is an input, another ending', async () => {
  const { tensors, metadata } = decodeSafetensors(testWeights(), 'c');
  await writeFile(at('c.safetensors'), encodeSafetensors({ tensors, metadata: { ...metadata, lightness: 'lab' } }));
  const [a, b, c] = ['a', 'b', 'c'].map((name) => at(`${name}.safetensors`));
  expect((await average(a!, c!, '-o', at('x.safetensors'))).err).toMatch(
    /c\.safetensors: expected weights of the same/,
  );
  expect(await average(a!, '-o', at('x.safetensors'))).toMatchObject({ code: 2 });
  expect((await average(a!, b!, '-o', b!)).err).toMatch(/expected another file than those that are read/);
  expect((await average(a!, b!, '-o', at('x.onnx'))).err).toMatch(/ends in \.safetensors/);
  expect(await average(a!, b!)).toMatchObject({ code: 2 });
});
