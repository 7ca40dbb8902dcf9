/** Builds dist/: the library, the command-line programs, the benchmark, the web pages. `--watch` keeps on building. */
import { watch } from 'node:fs';
import { rm } from 'node:fs/promises';
import { build, context } from 'esbuild';
import { BROWSER, buildPage } from './build_web.js';

/** @type {import('esbuild').BuildOptions} */
const options = {
  entryPoints: {
    index: 'src/index.ts',
    cli: 'src/cli/main.ts',
    train: 'src/cli/train_main.ts',
    bench: 'bench/main.ts',
    inception: 'bench/inception/main.ts',
    demo: 'scripts/demo.ts',
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
  chunkNames: 'chunks/[name]-[hash]',
  logLevel: 'warning',
};

/** The benchmark's page. @type {import('esbuild').BuildOptions} */
const bench = {
  entryPoints: ['web/bench.html', 'web/bench.css', 'web/bench.ts', 'web/bench_worker.ts'],
  outdir: 'dist/web',
  outbase: 'web',
  ...BROWSER,
  loader: { '.wgsl': 'text', '.html': 'copy' },
  // What TensorFlow.js does not find is left out of the benchmark.
  logLevel: 'error',
};

const keepOn = process.argv.includes('--watch');
await rm('dist', { recursive: true, force: true });
for (const each of [options, bench]) {
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
