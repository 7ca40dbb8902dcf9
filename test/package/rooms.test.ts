/** Entry points of the package: what each room exports, so that nothing comes or goes unnoticed. */
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';

const root = resolve(import.meta.dirname, '../..');
const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  exports: Record<string, { node: string; default?: string }>;
};

const ROOMS: Readonly<Record<string, readonly string[]>> = {
  './graph': [
    ...[
      'Executable',
      'ParameterLayout',
      'ParameterSlab',
      'add',
      'apply',
      'biasAdd',
      'compile',
      'constant',
      'conv2dSame',
    ],
    ...[
      'defineOp',
      'glorotUniform',
      'gradients',
      'input',
      'mse',
      'parameter',
      'reachable',
      'relu',
      'reshape',
      'sizeOf',
    ],
    ...['tanh', 'upsample2x'],
  ],
  './kernels': ['defineKernel', 'dispatch1d', 'record', 'recordOne'],
  './onnx': ['loadOnnx'],
  './train': [
    ...['DivergedError', 'Trainer', 'colorizationNetwork', 'encodeWeights', 'readState', 'sourceSize', 'train'],
    'weightsMetadata',
  ],
  './image': ['applyChroma', 'labToRgb', 'luma', 'rgbToLab'],
  './image/node': ['countPages', 'decodeForTraining', 'encodeImage', 'readImage', 'writeImage'],
};
const MAIN = [
  'ArgumentError',
  'Colorizer',
  'DeviceError',
  'EnvironmentError',
  'Extractor',
  'FormatError',
  'Gpu',
  'KernelError',
  'KoalarizeError',
  'ShapeError',
];

const load = async (path: string) => (await import(pathToFileURL(join(root, path)).href)) as Record<string, unknown>;

test.each(Object.keys(ROOMS))('%s exports what it says, in Node and for browsers', async (room) => {
  const { node, default: browser } = exports[room]!;
  expect(Object.keys(await load(node)).sort()).toEqual([...ROOMS[room]!].sort());
  if (browser) expect(Object.keys(await load(browser)).sort()).toEqual([...ROOMS[room]!].sort());
});

test('the main entry has its own and those of the rooms: the very same', async () => {
  const main = await load(exports['.']!.node);
  const rooms = ['./graph', './kernels', './onnx', './train'];
  const names = [...MAIN, 'applyChroma', ...rooms.flatMap((room) => ROOMS[room]!)];
  expect(Object.keys(main).sort()).toEqual(names.sort());
  for (const room of rooms) {
    for (const [name, value] of Object.entries(await load(exports[room]!.node))) expect(main[name]).toBe(value);
  }
});

test('every entry of package.json has a room here', () => {
  const entries = Object.keys(exports).filter((entry) => !/\.\w+$/.test(entry) && entry !== '.');
  expect(entries.sort()).toEqual(Object.keys(ROOMS).sort());
});
