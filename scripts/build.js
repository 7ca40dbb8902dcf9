/**
 * Builds dist/: the library for Node and for browsers, the command-line programs, the benchmark, the web pages.
 * `--watch` keeps on building.
 */
import { watch } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { build, context } from 'esbuild';
import { benchPage, buildPage } from './build_web.js';
import { forNode } from './for_node.js';
import { leanOnnx } from './lean_onnx.js';
import { leanShaders } from './lean_shaders.js';

/**
 * An entry beside those that import it lies in a chunk of its own. So this module, which finds the weights from where it
 * is, is always one folder below dist/.
 */
const PACKAGE_FILES = 'src/model/package_files.ts';

/** The package's rooms: entry points beside the main one. */
const ROOMS = ['graph', 'image', 'kernels', 'onnx', 'train'];
const roomsOf = (/** @type {string[]} */ names) =>
  Object.fromEntries(names.map((name) => [`api/${name}`, `src/api/${name}.ts`]));

/** @type {import('esbuild').BuildOptions} */
const node = {
  entryPoints: {
    index: 'src/index.ts',
    cli: 'src/cli/main.ts',
    train: 'src/cli/train_main.ts',
    'chunks/package_files': PACKAGE_FILES,
    ...roomsOf([...ROOMS, 'image_node']),
  },
  outdir: 'dist',
  ...forNode,
  chunkNames: 'chunks/[name]-[hash]',
};

/**
 * What only this repository runs, with chunks of its own: the package has none of it.
 *
 * @type {import('esbuild').BuildOptions}
 */
const workshop = {
  ...node,
  entryPoints: {
    bench: 'bench/main.ts',
    inception: 'bench/inception/main.ts',
    demo: 'scripts/demo.ts',
    'workshop/package_files': PACKAGE_FILES,
  },
  chunkNames: 'workshop/[name]-[hash]',
};

/**
 * No import for its effects alone, by which esbuild keeps an order that no module here depends on: bundlers would keep
 * what is imported.
 */
const withoutEffects = {
  name: 'without-effects',
  /** @param {import('esbuild').PluginBuild} build */
  setup({ onEnd }) {
    onEnd(async ({ outputFiles = [] }) => {
      for (const { path, text } of outputFiles) {
        await mkdir(dirname(path), { recursive: true });
        await writeFile(path, text.replace(/^import ".*";\n/gm, ''));
      }
    });
  },
};

/**
 * The library for browsers: not minified, as whoever bundles it does that. A bundler leaves out whole files, so what only
 * some need has files of its own.
 *
 * @type {import('esbuild').BuildOptions}
 */
const browser = {
  ...node,
  entryPoints: {
    index: 'src/index.ts',
    colorizer: 'src/model/colorizer.ts',
    train: 'src/train/index.ts',
    ...roomsOf(ROOMS),
  },
  outdir: 'dist/browser',
  platform: 'browser',
  external: [],
  // Without it, what is for Node alone is dead code, and left out.
  define: { process: 'undefined' },
  plugins: [leanOnnx, leanShaders, withoutEffects],
  write: false,
  chunkNames: '[name]-[hash]',
};

const keepOn = process.argv.includes('--watch');
await rm('dist', { recursive: true, force: true });
for (const each of [node, workshop, browser, benchPage]) {
  if (keepOn) await (await context(each)).watch();
  else await build(each);
}
await buildPage();
if (keepOn) {
  /** @type {NodeJS.Timeout | undefined} */
  let soon;
  const again = () => {
    clearTimeout(soon);
    // The bundler has said what is wrong.
    soon = setTimeout(() => buildPage().catch(() => undefined), 100);
  };
  for (const folder of ['web', 'src', 'shaders']) watch(folder, { recursive: true }, again);
}
