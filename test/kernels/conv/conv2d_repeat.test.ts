/** Every algorithm that the tuner may choose on this device gives the same bits in every run. */
import { describe, expect, test } from 'vitest';
import type { Algorithm } from '../../../src/kernels/conv/algorithm.ts';
import { algorithms, type ConvGeometry } from '../../../src/kernels/conv/index.ts';
import type { Direction } from '../../../src/kernels/conv/task.ts';
import { traitsOf } from '../../../src/kernels/core/record.ts';
import { sizes } from '../../reference/conv2d.ts';
import { gpu, poisoned, run, upload } from '../../support/gpu.ts';
import { random } from '../../support/random.ts';

const common = { batch: 2, inHeight: 14, inWidth: 11, inChannels: 36, outChannels: 68 };
const same3x3 = { kernelHeight: 3, kernelWidth: 3, strideY: 1, strideX: 1, padTop: 1, padLeft: 1 };
const convolutions: Readonly<Record<string, ConvGeometry>> = {
  '3x3': { ...common, ...same3x3, outHeight: 14, outWidth: 11 },
  '3x3 of stride 2': { ...common, ...same3x3, strideY: 2, strideX: 2, padTop: 0, outHeight: 6, outWidth: 6 },
  '1x1': { ...common, ...same3x3, kernelHeight: 1, kernelWidth: 1, padTop: 0, padLeft: 0, outHeight: 14, outWidth: 11 },
};
const directions = ['forward', 'inputGrad', 'weightGrad'] as const;

describe.each(Object.entries(convolutions))('%s', (_, geometry) => {
  const n = sizes(geometry);
  const [x, w, dy] = [n.x, n.w, n.y].map((size, i) => upload(random(size, i + 1)));
  const operands = {
    forward: { read: { x, w }, written: 'y', elements: n.y },
    inputGrad: { read: { dy, w }, written: 'dx', elements: n.x },
    weightGrad: { read: { x, dy }, written: 'dw', elements: n.w },
  };
  const cases = directions.flatMap((direction) =>
    (algorithms[direction] as readonly Algorithm<Direction>[])
      .map((algorithm) => ({
        algorithm,
        convolution: { direction, geometry, options: { activation: 'none' } as const },
      }))
      .filter(({ algorithm, convolution }) => algorithm.fits(traitsOf(gpu), convolution)),
  );

  test('has a choice of algorithms', () => {
    expect(new Set(cases.map(({ algorithm }) => algorithm.name)).size).toBeGreaterThan(3);
  });

  test.each(cases.map((each) => [each.convolution.direction, each.algorithm.name, each] as const))(
    '%s by %s',
    async (direction, __, { algorithm, convolution }) => {
      const { read, written, elements } = operands[direction];
      const once = async () => {
        const result = poisoned(elements);
        await run((emit) => algorithm.emit(emit, { ...read, [written]: result } as never, convolution));
        const values = await gpu.readFloats(result, elements);
        gpu.free(result);
        return new Uint32Array(values.buffer);
      };
      const first = await once();
      expect(new Float32Array(first.buffer).every(Number.isFinite)).toBe(true);
      for (let again = 0; again < 2; again++) expect(await once()).toEqual(first);
    },
  );
});
