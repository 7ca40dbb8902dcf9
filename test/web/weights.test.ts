/** The page's files of numbers: one progress for all, each downloaded once, old ones thrown away. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, expect, test, vi } from 'vitest';
import { loadFiles } from '../../web/weights.ts';
import { serve } from '../support/server.ts';

const folder = await mkdtemp(join(tmpdir(), 'koalarize-'));
const SIZES = { 'a-1.safetensors': 300_000, 'b-1.onnx': 500_000, 'b-2.onnx': 10 };
for (const [name, size] of Object.entries(SIZES)) await writeFile(join(folder, name), new Uint8Array(size).fill(size));
const site = await serve(folder);
afterAll(() => {
  site.close();
  return rm(folder, { recursive: true });
});
afterEach(() => vi.unstubAllGlobals());

/** Stands for the browser's. */
function fakeCaches(): Map<string, Response> {
  const kept = new Map<string, Response>();
  const cache = {
    match: async (url: string) => kept.get(url)?.clone(),
    put: async (url: string, response: Response) => void kept.set(url, response),
    keys: async () => [...kept.keys()].map((url) => ({ url })),
    delete: async (url: string) => kept.delete(url),
  };
  vi.stubGlobal('caches', { open: async () => cache });
  return kept;
}

/** @returns the files' sizes, and what was told on the way */
async function load(...names: string[]) {
  const told: [number, number][] = [];
  const files = await loadFiles(
    names.map((name) => site.base + name),
    (...progress) => told.push(progress),
  );
  return { sizes: files.map(({ length }) => length), told };
}

test('two downloads are one progress, whose total is not told before it is known', async () => {
  const { sizes, told } = await load('a-1.safetensors', 'b-1.onnx');
  expect(sizes).toEqual([300_000, 500_000]);
  expect(told.at(-1)).toEqual([800_000, 800_000]);
  expect(told.every(([, total]) => total === 0 || total === 800_000)).toBe(true);
  expect(told.map(([loaded]) => loaded)).toEqual(told.map(([loaded]) => loaded).sort((a, b) => a - b));
});

test('what is kept is not downloaded again, and a new file takes the place of its own kind alone', async () => {
  const kept = fakeCaches();
  await load('a-1.safetensors', 'b-1.onnx');
  expect(await load('b-1.onnx', 'a-1.safetensors')).toEqual({ sizes: [500_000, 300_000], told: [] });
  const changed = await load('a-1.safetensors', 'b-2.onnx');
  expect(changed.sizes).toEqual([300_000, 10]);
  // The download alone.
  expect(changed.told.at(-1)).toEqual([10, 10]);
  expect([...kept.keys()].sort()).toEqual(['a-1.safetensors', 'b-2.onnx'].map((name) => site.base + name));
});

test('a missing file is named', async () => {
  await expect(load('a-1.safetensors', 'c.onnx')).rejects.toThrow(/page: expected http.*c\.onnx, got HTTP 404 – check/);
});
