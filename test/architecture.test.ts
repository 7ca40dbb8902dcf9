/** The dependency table of the project: which folder may import which. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { expect, test } from 'vitest';

const src = resolve(import.meta.dirname, '../src');

/** Folders of src/ by what they may import; `x/file` allows one file only. */
const allowed: Record<string, readonly string[]> = {
  runtime: [],
  kernels: ['runtime'],
  graph: ['kernels', 'runtime'],
  onnx: ['graph', 'runtime'],
  image: ['runtime/errors.ts', 'runtime/file_errors.ts', 'runtime/arguments.ts'],
  model: ['graph', 'onnx', 'image', 'kernels', 'runtime'],
  train: ['graph', 'kernels', 'runtime'],
  cli: ['runtime', 'kernels', 'graph', 'onnx', 'image', 'model', 'train', 'index.ts'],
};
const mayUseNode = /^(runtime\/(node|swiftshader|tuning_file)\.ts|image\/(node|whole_file)\.ts|cli\/.*)$/;

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
