/**
 * Builds dist/: the library for Node and for browsers, the command-line programs, the benchmark, the web page.
 * `--watch` keeps on building.
 */
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { build, context } from 'esbuild';
import { inlineForBuild } from './inline.js';

/**
 * An entry beside those that import it lies in a chunk of its own. So the colorizer, which finds the weights from where
 * it is, is always one folder below dist/.
 */
const COLORIZER = 'src/model/colorizer.ts';

/** @type {import('esbuild').BuildOptions} */
const node = {
  entryPoints: {
    index: 'src/index.ts',
    cli: 'src/cli/main.ts',
    train: 'src/cli/train_main.ts',
    'chunks/colorizer': COLORIZER,
  },
  outdir: 'dist',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'neutral',
  target: 'es2023',
  // onnx-proto and protobufjs are CommonJS, and become part of the bundle.
  mainFields: ['module', 'main'],
  // Node's own modules and the packages stay imports; the library reaches them only in Node, by dynamic import.
  external: ['node:*', 'webgpu', 'sharp', '@sparticuz/chromium', '@tensorflow/*', 'esbuild', 'onnxruntime-node'],
  loader: { '.wgsl': 'text' },
  plugins: [inlineForBuild],
  chunkNames: 'chunks/[name]-[hash]',
  logLevel: 'warning',
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
    'workshop/colorizer': COLORIZER,
  },
  chunkNames: 'workshop/[name]-[hash]',
};

/**
 * Shaders without comments, which are a quarter of them; lines stay where they are, for the messages of compilers.
 * And no import for its effects alone, by which esbuild keeps an order that no module here depends on: bundlers would
 * keep what is imported.
 */
const lean = {
  name: 'lean',
  /** @param {import('esbuild').PluginBuild} build */
  setup({ onLoad, onEnd }) {
    onLoad({ filter: /\.wgsl$/ }, async ({ path }) => {
      const source = await readFile(path, 'utf8');
      return { loader: 'text', contents: source.replace(/ *\/\/.*$/gm, '').replace(/^ +/gm, '') };
    });
    onEnd(async ({ outputFiles = [] }) => {
      await mkdir(dirname(outputFiles[0].path), { recursive: true });
      for (const { path, text } of outputFiles) await writeFile(path, text.replace(/^import ".*";\n/gm, ''));
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
  entryPoints: { index: 'src/index.ts', colorizer: COLORIZER, train: 'src/train/index.ts' },
  outdir: 'dist/browser',
  platform: 'browser',
  external: [],
  // Without it, what is for Node alone is dead code, and left out.
  define: { process: 'undefined' },
  plugins: [lean],
  write: false,
  chunkNames: '[name]-[hash]',
};

/** @type {import('esbuild').BuildOptions} */
const web = {
  entryPoints: ['web/bench.html', 'web/bench.css', 'web/bench.ts', 'web/bench_worker.ts'],
  outdir: 'dist/web',
  outbase: 'web',
  bundle: true,
  splitting: true,
  minify: true,
  format: 'esm',
  platform: 'browser',
  target: 'es2023',
  loader: { '.wgsl': 'text', '.html': 'copy', '.css': 'copy' },
  // Without it, what is for Node alone is dead code, and left out.
  define: { process: 'undefined' },
  chunkNames: 'chunks/[name]-[hash]',
  // What TensorFlow.js does not find is left out of the benchmark.
  logLevel: 'error',
};

await rm('dist', { recursive: true, force: true });
for (const each of [node, workshop, browser, web]) {
  if (process.argv.includes('--watch')) await (await context(each)).watch();
  else await build(each);
}
