/** Stores of tuning results: files and IndexedDB keep what they are given, whole, for several writers. */
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { cacheFolder, fileStore } from '../../../src/runtime/tuning_store/file.ts';
import { memoryStore } from '../../../src/runtime/tuning_store/index.ts';
import { indexedDbStore } from '../../../src/runtime/tuning_store/indexeddb.ts';
import { VERSION } from '../../../src/runtime/version.ts';

const folder = await mkdtemp(join(tmpdir(), 'koalarize-tuning-'));
afterAll(() => rm(folder, { recursive: true, force: true }));

describe.each([
  ['file', () => fileStore(join(folder, 'below', 'it'))],
  ['IndexedDB', () => indexedDbStore(fakeIndexedDb())],
  ['memory', memoryStore],
])('a store in %s', (_, open) => {
  test('keeps the newest value of each key', async () => {
    const store = open();
    expect(await store.load('a')).toBeUndefined();
    await store.save('a', 'first');
    await store.save('b', 'other');
    await store.save('a', 'second');
    expect([await store.load('a'), await store.load('b')]).toEqual(['second', 'other']);
  });
});

test('writers at the same time leave one whole file, and nothing else', async () => {
  const values = Array.from({ length: 20 }, (_, i) => String(i).repeat(100_000));
  const alone = join(folder, 'writers');
  await Promise.all(values.map((value) => fileStore(alone).save('key', value)));
  expect(values).toContain(await readFile(join(alone, 'tuning-key.json'), 'utf8'));
  expect(await readdir(alone)).toEqual(['tuning-key.json']);
});

test('a file that cannot be written is an error, one that cannot be read is none', async () => {
  await writeFile(join(folder, 'no folder'), '');
  const store = fileStore(join(folder, 'no folder'));
  await expect(store.save('key', 'value')).rejects.toThrow();
  expect(await store.load('key')).toBeUndefined();
});

test('IndexedDB that is blocked holds nothing', async () => {
  const blocked = indexedDbStore({ open: () => request(() => Promise.reject(new Error('no'))) } as never);
  expect(await blocked.load('key')).toBeUndefined();
  await expect(blocked.save('key', 'value')).rejects.toThrow('no');
});

test('the cache folder is the one of the system', () => {
  expect(cacheFolder('linux', { XDG_CACHE_HOME: '/cache' })).toBe(join('/cache', 'koalarize'));
  expect(cacheFolder('linux', {})).toMatch(/[\\/]\.cache[\\/]koalarize$/);
  expect(cacheFolder('darwin', { XDG_CACHE_HOME: '/cache' })).toMatch(/[\\/]Library[\\/]Caches[\\/]koalarize$/);
  expect(cacheFolder('win32', { LOCALAPPDATA: '/local' })).toBe(join('/local', 'koalarize'));
});

test('the version is the package’s', async () => {
  expect(JSON.parse(await readFile('package.json', 'utf8')).version).toBe(VERSION);
});

/** As much of IndexedDB as is used: a table that must be created first, and requests that answer later. */
function fakeIndexedDb(): IDBFactory {
  const tables = new Map<string, Map<string, unknown>>();
  const table = (name: string) => ({
    get: (key: string) => request(async () => tables.get(name)!.get(key)),
    put: (value: unknown, key: string) => request(async () => tables.get(name)!.set(key, value)),
  });
  const database = {
    createObjectStore: (name: string) => tables.set(name, new Map()),
    transaction: () => ({ objectStore: table }),
    close: () => undefined,
  };
  let created = false;
  const open = () => {
    const opening = request(async () => database);
    queueMicrotask(() => {
      (opening as unknown as { result: unknown }).result = database;
      if (!created) opening.onupgradeneeded!();
      created = true;
    });
    return opening;
  };
  return { open } as unknown as IDBFactory;
}

function request(work: () => Promise<unknown>) {
  const made: Record<'onsuccess' | 'onerror' | 'onupgradeneeded', (() => void) | undefined> & {
    result?: unknown;
    error?: unknown;
  } = { onsuccess: undefined, onerror: undefined, onupgradeneeded: undefined };
  setTimeout(() =>
    work().then(
      (result) => {
        made.result = result;
        made.onsuccess!();
      },
      (error: unknown) => {
        made.error = error;
        made.onerror!();
      },
    ),
  );
  return made;
}
