/** What the page's JavaScript weighs, and what is not in it. */
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';

const folder = resolve(import.meta.dirname, '../../dist/web');
const read = (name: string) => readFileSync(join(folder, name), 'utf8');
/** What the service worker keeps: everything that the page needs. */
const files: string[] = JSON.parse(/\["index\.html".*?\]/.exec(read('service_worker.js'))![0]);
const scripts = files.filter((name) => name.endsWith('.js'));

/** A script and everything that it imports at once. */
function together(name: string, known = new Set<string>()): Set<string> {
  if (known.has(name)) return known;
  known.add(name);
  for (const [, path] of read(name).matchAll(/(?:from|import)\s*"(\.[^"]+)"/g)) {
    together(join(name, '..', path!), known);
  }
  return known;
}

test('what colours is at most 60 KiB of JavaScript, compressed', () => {
  const entry = (name: string) => scripts.find((file) => new RegExp(`^${name}-\\w+\\.js$`).test(file))!;
  const sizeOf = (names: Iterable<string>) =>
    [...names].reduce((sum, name) => sum + gzipSync(read(name), { level: 9 }).length, 0);
  const colouring = sizeOf([...together(entry('index')), ...together(entry('worker'))]);
  console.log(`to colour: ${colouring} bytes gzipped; with training and everything optional: ${sizeOf(scripts)}`);
  expect(colouring).toBeGreaterThan(20_000);
  expect(colouring).toBeLessThanOrEqual(60 * 1024);
});

test('it holds nothing of Node and nothing that reads ONNX', () => {
  expect(scripts.length).toBeGreaterThan(3);
  for (const name of scripts) expect(read(name), name).not.toMatch(/["'`]node:|protobuf|ModelProto|opset/i);
});

test('every file that is kept is there, and the page names its own', () => {
  for (const name of files) expect(existsSync(join(folder, name)), name).toBe(true);
  for (const [, name] of read('index.html').matchAll(/(?:src|href)="\.\/([^"]+)"/g)) {
    expect(existsSync(join(folder, name!)), name).toBe(true);
    if (name !== 'bench.html') expect(files).toContain(name);
  }
  expect(files.filter((name) => name.startsWith('bench'))).toEqual([]);
});
