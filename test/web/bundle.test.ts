/** What the page's JavaScript weighs, and what is not in it. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { built } from '../support/built.ts';

const folder = built('web');
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

const entry = (name: string) => scripts.find((file) => new RegExp(`^${name}-\\w+\\.js$`).test(file))!;
/** What a worker loads besides, on demand, when weights were trained with feature maps. */
const forMaps = scripts.filter((name) => /^chunks\/(maps|load)-/.test(name));

/**
 * Without feature maps it was 60 KiB. What reads ONNX, on demand, takes 41: the operators and the graph's parts that they
 * need, protobufjs's reader, onnx-proto's decoders. At once 7 more: what maps are, chunks that are split finer, and the
 * classifier's kernels (depthwise, 1x1 by subgroups). 5 for checks of arguments and files, and errors of the device that
 * leave it as good as before; 4 for borders of old prints, and whether a picture has colors already; 1 for errors whose parts
 * are fields, and scopes of device memory; 2 for ovals and round corners; 3 for the mark of origin; 4 for the forms of kernels that AMD's,
 * Intel's and NVIDIA's compilers make more of, and smoothing.
 */
test('what colors is at most 128 KiB of JavaScript, compressed', () => {
  const sizeOf = (names: Iterable<string>) =>
    [...names].reduce((sum, name) => sum + gzipSync(read(name), { level: 9 }).length, 0);
  const atOnce = new Set([...together(entry('index')), ...together(entry('worker'))]);
  const coloring = new Set([...atOnce, ...forMaps.flatMap((name) => [...together(name)])]);
  console.log(
    `to color: ${sizeOf(coloring)} bytes gzipped, ${sizeOf(atOnce)} of them at once; with training and everything optional: ${sizeOf(scripts)}`,
  );
  expect(sizeOf(atOnce)).toBeGreaterThan(20_000);
  expect(sizeOf(coloring)).toBeLessThanOrEqual(128 * 1024);
  expect(sizeOf(atOnce)).toBeLessThanOrEqual(87 * 1024);
});

const READS_ONNX = /protobuf|ModelProto|opset/i;

test('it holds nothing of Node, what reads ONNX is loaded on demand, and nothing writes it', () => {
  expect(scripts.length).toBeGreaterThan(3);
  for (const name of scripts) expect(/["'`]node:/.test(read(name)), name).toBe(false);
  const atOnce = new Set(['index', 'worker', 'training_worker'].flatMap((name) => [...together(entry(name))]));
  const readers = scripts.filter((name) => READS_ONNX.test(read(name)));
  expect(readers).toEqual([expect.stringMatching(/^chunks\/load-/)]);
  for (const name of readers) {
    expect(atOnce.has(name), name).toBe(false);
    expect(/\.(encodeDelimited|fromObject) ?=/.test(read(name)), name).toBe(false);
  }
});

test('a first visit is at most 12 MB: page, weights, extractor and example', () => {
  const numbers = readdirSync(folder).filter((name) => /\.(safetensors|onnx)$/.test(name));
  expect(numbers.map((name) => name.replace(/-\w+(?=\.)/, '')).sort()).toEqual([
    'efficientnet-lite0.onnx',
    'koalarize.safetensors',
  ]);
  const bytes = [...files, ...numbers].reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);
  console.log(`first visit: ${bytes} bytes, nothing compressed`);
  expect(bytes).toBeLessThanOrEqual(12e6);
});

test('every file that is kept is there, and the page names its own', () => {
  for (const name of files) expect(existsSync(join(folder, name)), name).toBe(true);
  for (const [, name] of read('index.html').matchAll(/(?:src|href)="\.\/([^"]+)"/g)) {
    expect(existsSync(join(folder, name!)), name).toBe(true);
    if (name !== 'bench.html') expect(files).toContain(name);
  }
  expect(files.filter((name) => name.startsWith('bench'))).toEqual([]);
});
