/** Dependency table of the project: which folder may import which; and no circles, by types neither. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { expect, test } from 'vitest';

const src = resolve(import.meta.dirname, '../src');

/** Folders of src/ by what they may import; `x/file` allows one file only. */
const allowed: Record<string, readonly string[]> = {
  api: ['graph', 'image', 'kernels', 'model', 'onnx', 'runtime', 'train'],
  util: [],
  runtime: [],
  kernels: ['runtime', 'util'],
  graph: ['kernels', 'runtime', 'util'],
  formats: ['graph/node.ts', 'graph/parameters.ts', 'runtime', 'util'],
  onnx: ['graph', 'runtime'],
  image: ['runtime/errors.ts', 'runtime/file_errors.ts', 'runtime/arguments.ts', 'runtime/node/whole_file.ts', 'util'],
  evaluation: ['image', 'runtime/errors.ts', 'util'],
  model: ['formats', 'graph', 'onnx', 'image', 'kernels', 'runtime', 'util'],
  train: ['formats', 'graph', 'kernels', 'runtime', 'util'],
  cli: [
    'evaluation',
    'formats',
    'graph',
    'image',
    'index.ts',
    'kernels',
    'model',
    'onnx',
    'runtime',
    'train',
    'util',
    '../web/study',
  ],
};
const mayUseNode = /^(runtime\/(node\/\w+|tuning_store\/file)\.ts|image\/node\.ts|cli\/.*)$/;

const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter((file) => /(?<!\.d)\.ts$/.test(file));

test.each(files)('%s imports only what its folder may', (file) => {
  const source = readFileSync(join(src, file), 'utf8');
  const imports = [...source.matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)].map(([, path]) => path!);
  const [folder] = file.split('/');
  for (const path of imports) {
    if (path.startsWith('node:')) expect(mayUseNode.test(file), `${file} imports ${path}`).toBe(true);
    if (!path.startsWith('.') || path.endsWith('.wgsl')) continue;
    const target = relative(src, resolve(src, dirname(file), path));
    if (!file.includes('/') || target.startsWith(`${folder}/`)) continue;
    const permitted = allowed[folder!]!.some((entry) =>
      entry.endsWith('.ts') ? target === entry : target.startsWith(`${entry}/`),
    );
    expect(permitted, `${file} imports ${target}`).toBe(true);
  }
});

/** Every file of the project with those that it imports, for types too. */
function importsOf(root: string): Map<string, string[]> {
  const graph = new Map<string, string[]>();
  for (const folder of ['src', 'web', 'bench', 'test']) {
    for (const name of readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })) {
      if (!/(?<!\.d)\.ts$/.test(name)) continue;
      const file = join(root, folder, name);
      const found = readFileSync(file, 'utf8').matchAll(/(?:from|import)\s*\(?\s*'(\.[^'?]+)/g);
      graph.set(
        file,
        [...found].map(([, path]) => resolve(dirname(file), path!)),
      );
    }
  }
  return graph;
}

test('no file imports itself by way of others, for types neither', () => {
  const root = resolve(src, '..');
  const graph = importsOf(root);
  const done = new Set<string>();
  const walk = (file: string, way: readonly string[]) => {
    const back = way.indexOf(file);
    expect([...way.slice(back), file].map((each) => relative(root, each)).join(' → '), 'a circle').toSatisfy(
      () => back < 0,
    );
    if (done.has(file)) return;
    for (const next of graph.get(file) ?? []) walk(next, [...way, file]);
    done.add(file);
  };
  for (const file of graph.keys()) walk(file, []);
  expect(done.size).toBeGreaterThan(500);
});

test('no folder has more than some fifteen files beside each other, and none is named as a file beside it', () => {
  const entries = readdirSync(src, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  const folders = new Map<string, number>();
  for (const { parentPath } of files) {
    const folder = relative(src, parentPath);
    folders.set(folder, (folders.get(folder) ?? 0) + 1);
  }
  for (const [folder, count] of folders) expect(count, folder).toBeLessThanOrEqual(19);
  const twins = files.filter((entry) =>
    folders.has(relative(src, join(entry.parentPath, entry.name.replace(/\.ts$/, '')))),
  );
  expect(twins.map(({ name }) => name)).toEqual([]);
});
