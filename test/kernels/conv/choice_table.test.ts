/** docs/convolutions.md names every algorithm, and its table of examples is what the cost models choose. Needs no device. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import type { ConvGeometry } from '../../../src/kernels/conv/geometry.ts';
import { algorithms, ranked } from '../../../src/kernels/conv/index.ts';
import type { Convolution, Direction } from '../../../src/kernels/conv/task.ts';
import type { DeviceTraits } from '../../../src/kernels/core/emit.ts';

const page = readFileSync(resolve(import.meta.dirname, '../../../docs/convolutions.md'), 'utf8');

test('every algorithm is in the table', () => {
  // Tiles and split sums are variants of one algorithm.
  const names = new Set(
    Object.values(algorithms).flatMap((each) => each.map(({ name }) => name.replace(/ \d+x\d+( \w+)*$/, ''))),
  );
  expect([...names].sort()).toEqual(['direct', 'gemm', 'gemm-f16', 'matrix', 'pointwise', 'winograd2', 'winograd4']);
  for (const name of names) expect(page, name).toContain(`\`${name}\``);
});

const gpu: DeviceTraits = { software: false, subgroupSize: 32, maxStorageBufferBindingSize: 2 ** 31 - 4 };
const software = { software: true, maxStorageBufferBindingSize: 2 ** 27 };
const devices: readonly DeviceTraits[] = [
  gpu,
  { ...gpu, precision: 'f16', matrixUnit: '16x16x16' },
  { ...software, subgroupSize: 8 },
  { ...software, subgroupSize: 4 },
];

/** `direction, batch, kernel, stride, pixels a side of the input, input channels, output channels`. */
const layers: readonly (readonly [Direction, number, number, number, number, number, number])[] = [
  ['forward', 1, 3, 2, 224, 1, 64],
  ['forward', 1, 3, 1, 112, 64, 128],
  ['forward', 1, 3, 2, 56, 256, 256],
  ['forward', 1, 3, 1, 28, 256, 512],
  ['forward', 1, 1, 1, 128, 16, 96],
  ['forward', 1, 1, 1, 28, 512, 256],
  ['forward', 16, 3, 1, 8, 256, 256],
  ['inputGrad', 16, 3, 1, 28, 256, 128],
  ['inputGrad', 16, 3, 2, 56, 128, 128],
  ['weightGrad', 16, 3, 1, 28, 256, 128],
  ['weightGrad', 16, 3, 2, 56, 128, 128],
];

const WORDS: Record<Direction, string> = { forward: 'forward', inputGrad: 'dx', weightGrad: 'dw' };

test('the examples are what is chosen', () => {
  const rows = layers.map(([direction, batch, kernel, stride, side, inChannels, outChannels]) => {
    const out = Math.ceil(side / stride);
    const pad = Math.max(0, (out - 1) * stride + kernel - side) >> 1;
    const geometry: ConvGeometry = {
      ...{ batch, inHeight: side, inWidth: side, inChannels, outHeight: out, outWidth: out, outChannels },
      ...{ kernelHeight: kernel, kernelWidth: kernel, strideY: stride, strideX: stride, padTop: pad, padLeft: pad },
    };
    const convolution: Convolution = { direction, geometry, options: { activation: 'none' } };
    const chosen = devices.map((traits) => `\`${ranked(traits, convolution)[0]!.name}\``);
    const size = `${kernel}×${kernel}, stride ${stride}, ${inChannels} → ${outChannels}`;
    return `| ${[WORDS[direction], size, `${batch} × ${side}²`, ...chosen].join(' | ')} |\n`;
  });
  expect(page).toContain(rows.join(''));
});
