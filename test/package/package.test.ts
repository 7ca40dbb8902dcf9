/** The package as npm would install it: what it holds, and what Node, TypeScript and bundlers make of it. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { bundle } from './bundle.ts';
import { coloring, isColored } from './color.ts';
import { makeConsumer, runNode } from './consumer.ts';

const consumer = await makeConsumer();
const { folder, files, packed } = consumer;

test('holds the programs, the weights, the types and what one reads first; at most 16 MB', () => {
  const wanted = [
    /^(package\.json|README\.md|LICENSE)$/,
    /^weights\/(koalarize\.safetensors|efficientnet-lite\d\.(onnx|LICENSE\.txt)|README\.md|examples\.jpg|loss\.svg)$/,
    /^dist\/(index|cli|train)\.js$/,
    /^dist\/(chunks|api|browser|browser\/api)\/[\w-]+\.js$/,
    /^dist\/web\/(chunks\/)?(?!bench)[\w-]+\.(html|js|css|jpg|onnx|safetensors)$/,
    /^dist\/types\/(index|(api|evaluation|formats|graph|image|kernels|model|onnx|runtime|train|util)\/[\w/]+)\.d\.ts$/,
  ];
  expect([...files.keys()].filter((name) => !wanted.some((pattern) => pattern.test(name)))).toEqual([]);
  for (const pattern of wanted) expect([...files.keys()].some((name) => pattern.test(name))).toBe(true);
  expect(files.get('weights/koalarize.safetensors')).toBeGreaterThan(100e3);
  expect(files.get('weights/efficientnet-lite0.onnx')).toBeGreaterThan(1e6);
  const unpacked = [...files.values()].reduce((sum, bytes) => sum + bytes, 0);
  console.log(`package: ${packed} bytes packed, ${unpacked} unpacked`);
  expect(Math.max(packed, unpacked)).toBeLessThanOrEqual(16e6);
});

test('Node imports it, requires it, and colors a picture with the weights beside it', async () => {
  await writeFile(join(folder, 'color.js'), coloring('', 'console.log(result); process.exit();'));
  expect(isColored(runNode(consumer, 'color.js'))).toBe(true);
  const required = `const { Colorizer } = require('koalarize'); console.log(Colorizer.name)`;
  await writeFile(join(folder, 'required.cjs'), required);
  expect(runNode(consumer, 'required.cjs')).toMatch(/Colorizer$/);
});

test('Node takes weights and extractor as bytes, as paths and as addresses', async () => {
  const script = `
import { readFile } from 'node:fs/promises';
import { Colorizer, Gpu } from 'koalarize';
const gpu = await Gpu.open();
const sources = async (file) => {
  const resolved = import.meta.resolve('koalarize/weights/' + file);
  const path = './node_modules/koalarize/weights/' + file;
  return [await readFile(path), path, resolved, new URL(resolved)];
};
const extractors = await sources('efficientnet-lite0.onnx');
for (const [i, weights] of (await sources('koalarize.safetensors')).entries()) {
  for (const options of [{}, { extractor: extractors[i] }]) {
    const { metadata } = (await Colorizer.load({ gpu, weights, ...options })).weights;
    console.log(metadata.format);
  }
}
for (const weights of ['nothing.safetensors', 'http://127.0.0.1:1/weights']) {
  await Colorizer.load({ gpu, weights }).catch(({ name, message }) => console.log(name, message));
}
process.exit();
`;
  await writeFile(join(folder, 'weights.js'), script);
  const lines = runNode(consumer, 'weights.js').split('\n');
  expect(lines.slice(0, 8)).toEqual(Array(8).fill('koalarize'));
  expect(lines[8]).toMatch(/^EnvironmentError nothing\.safetensors: expected a file, got no such file/);
  expect(lines[9]).toMatch(/^EnvironmentError http:\/\/127.*: expected a file, got 'fetch failed' – .* or its bytes$/);
});

test('the command runs from there', () => {
  const cli = 'node_modules/koalarize/dist/cli.js';
  expect(runNode(consumer, cli, '--version')).toMatch(/^\d+\.\d+\.\d+$/);
  expect(JSON.parse(runNode(consumer, cli, 'devices', '--json'))).toBeTruthy();
});

test('queues and buckets without their packages: the command that installs them', () => {
  const cli = 'node_modules/koalarize/dist/cli.js';
  const run = (url: string) =>
    spawnSync(process.execPath, [cli, 'status', '--queue', url], { cwd: folder, encoding: 'utf8' });
  const { status, stderr } = run('redis://127.0.0.1:1');
  expect([status, stderr]).toEqual([
    1,
    'failed: --queue: expected the package bullmq, got none – npm install bullmq ioredis (npm install -g where koalarize was installed so)\n',
  ]);
  expect(run('postgres://127.0.0.1:1/a').stderr).toContain('npm install bullmq pg ');
  const bucket = spawnSync(process.execPath, [cli, 'verify', 's3://archive/new'], { cwd: folder, encoding: 'utf8' });
  expect([bucket.status, bucket.stderr]).toEqual([
    1,
    'failed: s3://archive/new: expected the package @aws-sdk/client-s3, got none – npm install @aws-sdk/client-s3 (npm install -g where koalarize was installed so)\n',
  ]);
});

// Without feature maps 59.5 KB at once: what maps are adds 2, the classifier's kernels 3, checks of arguments, errors and
// hostile files 6. What reads ONNX is about 36 more.
test('for browsers: nothing of Node, at most 82 KB at once, ONNX on demand', async () => {
  const script = `import { Colorizer } from 'koalarize';\nawait Colorizer.load();\n`;
  await writeFile(join(folder, 'page.js'), script);
  // An import of a module of Node's would be an error here.
  const { eagerBytes, eager, lazy } = await bundle(consumer, 'page.js', 'bundle');
  expect(eagerBytes).toBeGreaterThan(20_000);
  expect(eagerBytes).toBeLessThan(82_000);
  const text = (names: readonly string[]) => names.map((name) => readFileSync(join(folder, name), 'utf8')).join();
  expect(text(eager)).not.toMatch(/protobuf/);
  expect(text(lazy)).toMatch(/protobuf/);
});

const TYPES = `
import { Colorizer, type Picture, Gpu, loadOnnx, defineKernel, recordOne, compile, gradients, Trainer } from 'koalarize';
const picture: Picture<Uint8ClampedArray> = { data: new Uint8ClampedArray(16), width: 2, height: 2 };
const colorizer = await Colorizer.load({ weights: new Uint8Array() });
const { data, width } = await colorizer.colorize(picture, { strength: 1 });
new ImageData(data, width);
const gpu: Gpu = colorizer.gpu;
const model = await loadOnnx(gpu, 'model.onnx', { outputs: ['logits'] });
const logits: Float32Array = (await model.run({}))['logits']!.data as Float32Array;
console.log(logits, defineKernel, recordOne, compile, gradients, Trainer);
// @ts-expect-error: a strength is a number.
await colorizer.colorize(picture, { strength: '1' });
`;

test.each([
  ['nodenext', 'nodenext'],
  ['esnext', 'bundler'],
])('its types are whole, for a program that is checked with module %s', async (module, moduleResolution) => {
  await writeFile(join(folder, 'types.ts'), TYPES);
  const compilerOptions = {
    ...{ module, moduleResolution, target: 'es2022', lib: ['es2023', 'dom'], types: [] },
    ...{ strict: true, exactOptionalPropertyTypes: true, skipLibCheck: false, noEmit: true },
  };
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['types.ts'] }));
  const tsc = resolve(import.meta.dirname, '../../node_modules/.bin/tsc');
  const { stdout, status } = spawnSync(tsc, ['-p', '.'], { cwd: folder, encoding: 'utf8' });
  expect(stdout).toBe('');
  expect(status).toBe(0);
});
