/** Builds dist/: the library, the command-line programs, the benchmark. `--watch` keeps on building. */
import { rm } from 'node:fs/promises';
import { build, context } from 'esbuild';

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

await rm('dist', { recursive: true, force: true });
if (process.argv.includes('--watch')) await (await context(options)).watch();
else await build(options);
