/** Nearest x2 and a 3x3 convolution in one, with its gradients, against one after the other in float64. */
import { describe, expect, test } from 'vitest';
import type { ConvActivation, ConvOptions } from '../../../../src/kernels/conv/index.ts';
import type { Convolution, UpsampleDirection } from '../../../../src/kernels/conv/task.ts';
import {
  emitUpsampleConv2d,
  type UpsampleConvSize,
  upsampleAlgorithms,
  upsampleGeometry,
} from '../../../../src/kernels/conv/upsample/index.ts';
import { upsampleWeights } from '../../../../src/kernels/conv/upsample/upsample_weights.ts';
import { upsampleWeightsGrad } from '../../../../src/kernels/conv/upsample/upsample_weights_grad.ts';
import { type DeviceTraits, type Emit, emitInto, type KernelCall } from '../../../../src/kernels/core/emit.ts';
import type { Binding } from '../../../../src/kernels/core/record.ts';
import { expectClose } from '../../../reference/close.ts';
import {
  sizes,
  upsampleConv2d,
  upsampleConv2dInputGrad,
  upsampleConv2dWeightGrad,
} from '../../../reference/upsample_conv2d.ts';
import { gpu, poisoned, run, upload } from '../../../support/gpu.ts';
import { random } from '../../../support/random.ts';

const size = (batch: number, height: number, width: number, inChannels: number, outChannels: number) => ({
  batch,
  height,
  width,
  inChannels,
  outChannels,
});

const cases: readonly (readonly [string, UpsampleConvSize])[] = [
  ['one of everything', size(1, 1, 1, 1, 1)],
  ['a row', size(1, 1, 7, 4, 8)],
  ['a column', size(2, 5, 1, 2, 4)],
  ['odd channels', size(2, 3, 5, 3, 5)],
  ['a block less one', size(1, 3, 3, 5, 31)],
  ['a whole block', size(1, 2, 4, 4, 32)],
  ['a block and one', size(1, 4, 5, 17, 33)],
  ['primes', size(3, 7, 11, 13, 19)],
  ['32 to 2', size(2, 6, 5, 32, 2)],
  ['a decoder', size(2, 8, 12, 64, 32)],
];

const task = <D extends UpsampleDirection>(
  direction: D,
  size: UpsampleConvSize,
  options: ConvOptions = { activation: 'none' },
): Convolution<D> => ({ direction, geometry: upsampleGeometry(size), options });

const real = { software: gpu.software, subgroupSize: gpu.subgroupSize, maxStorageBufferBindingSize: 2 ** 27 };
const devices: readonly (readonly [string, DeviceTraits])[] = [
  ['the device as it is', real],
  ['software without subgroups', { ...real, subgroupSize: 0 }],
  ['a GPU with subgroups of 32', { ...real, software: false, subgroupSize: 32 }],
];

/** Runs what `body` emits for a device with these traits, and returns the `elements` of its result. */
async function result(
  traits: DeviceTraits,
  elements: number,
  body: (emit: Emit<Binding>, y: GPUBuffer) => void,
): Promise<Float32Array> {
  const y = poisoned(elements);
  await run((emit) => body({ ...emit, traits }, y));
  const values = await gpu.readFloats(y, elements);
  gpu.free(y);
  return values;
}

/** Sums of `terms` products of numbers below 1 in size, whose rounding errors grow as a random walk. */
const tolerance = (terms: number) => ({ absolute: 2 ** -24 * terms ** 1.5 * 2 + 1e-6 });

describe.each(devices)('on %s', (_, traits) => {
  test.each(cases)('%s', async (_, size) => {
    const n = sizes(size);
    const [xs, ws, dys] = [random(n.x, 1), random(n.w, 2), random(n.y, 3)];
    const [x, w, dy] = [upload(xs), upload(ws), upload(dys)];

    for (const each of upsampleAlgorithms['upsample forward']) {
      const y = await result(traits, n.y, (emit, y) => each.emit(emit, { x, w, y }, task('upsample forward', size)));
      expectClose(y, upsampleConv2d(xs, ws, size), tolerance(9 * size.inChannels));
    }
    for (const each of upsampleAlgorithms['upsample inputGrad']) {
      const dx = await result(traits, n.x, (emit, dx) =>
        each.emit(emit, { dy, w, dx }, task('upsample inputGrad', size)),
      );
      expectClose(dx, upsampleConv2dInputGrad(dys, ws, size), tolerance(36 * size.outChannels));
    }
    for (const each of upsampleAlgorithms['upsample weightGrad']) {
      const dw = await result(traits, n.w, (emit, dw) =>
        each.emit(emit, { x, dy, dw }, task('upsample weightGrad', size)),
      );
      expectClose(dw, upsampleConv2dWeightGrad(xs, dys, size), tolerance(4 * size.batch * size.height * size.width));
    }
  });
});

const activate: Record<ConvActivation, (v: number) => number> = {
  none: (v) => v,
  relu: (v) => Math.max(v, 0),
  relu6: (v) => Math.min(Math.max(v, 0), 6),
  hard_swish: (v) => v * Math.min(Math.max(v / 6 + 0.5, 0), 1),
  tanh: Math.tanh,
};

describe.each([...upsampleAlgorithms['upsample forward']])('bias and activation, $name', (algorithm) => {
  test.each([
    ['relu', 16],
    ['relu', 18],
    ['relu6', 16],
    ['relu6', 5],
    ['hard_swish', 16],
    ['tanh', 2],
    ['none', 12],
  ] as const)('%s of %i channels', async (activation, channels) => {
    const shape = size(3, 3, 5, 6, channels);
    const n = sizes(shape);
    const [xs, ws, biases] = [random(n.x, 1), random(n.w, 2), random(3 * channels, 3)];
    const [x, w, bias] = [upload(xs), upload(ws), upload(biases)];
    const sums = upsampleConv2d(xs, ws, shape);
    for (const kind of ['none', 'shared', 'for each image'] as const) {
      const expected = sums.map((v, i) => {
        const image = kind === 'for each image' ? Math.floor(i / (60 * channels)) : 0;
        return activate[activation](v + (kind === 'none' ? 0 : biases[image * channels + (i % channels)]!));
      });
      const buffers = { x, w, ...(kind === 'none' ? {} : { bias }) };
      const convolution = task('upsample forward', shape, { activation, biasPerImage: kind === 'for each image' });
      const y = await result(real, n.y, (emit, y) => algorithm.emit(emit, { ...buffers, y }, convolution));
      expectClose(y, expected, tolerance(54));
    }
  });
});

describe.each([...upsampleAlgorithms['upsample weightGrad']])('$name', (algorithm) => {
  test.each(devices)('the weight gradient is the same bit for bit every time, on %s', async (_, traits) => {
    const shape = size(3, 21, 17, 16, 8);
    const n = sizes(shape);
    const [x, dy] = [upload(random(n.x, 1)), upload(random(n.y, 2))];
    const convolution = task('upsample weightGrad', shape);
    const once = () => result(traits, n.w, (emit, dw) => algorithm.emit(emit, { x, dy, dw }, convolution));
    expect(await once()).toEqual(await once());
  });
});

describe('the algorithm is chosen by cost', () => {
  const kernels = (traits: DeviceTraits, shape: UpsampleConvSize) => {
    const calls: KernelCall<string>[] = [];
    const emit = emitInto<string>(calls, traits, () => 'scratch');
    emitUpsampleConv2d(emit, 'upsample forward', { x: 'x', w: 'w', y: 'y' }, shape);
    emitUpsampleConv2d(emit, 'upsample inputGrad', { dy: 'dy', w: 'w', dx: 'dx' }, shape);
    emitUpsampleConv2d(emit, 'upsample weightGrad', { x: 'x', dy: 'dy', dw: 'dw' }, shape);
    return calls.map(({ kernel }) => kernel.name);
  };

  test('on a CPU the picture is not enlarged for odd channels', () => {
    const names = kernels({ ...real, software: true, subgroupSize: 0 }, size(2, 8, 8, 3, 5));
    expect(names).not.toContain('upsample2x');
    expect(names).not.toContain('upsample2x_grad');
  });

  test('nor ever where the large picture would not fit a binding', () => {
    const geometry = upsampleGeometry(size(4, 32, 32, 128, 64));
    const options = { activation: 'none' } as const;
    const check = <D extends UpsampleDirection>(direction: D) => {
      for (const { name, fits } of upsampleAlgorithms[direction]) {
        expect(fits(real, { direction, geometry, options }), name).toBe(true);
        const limited = { ...real, maxStorageBufferBindingSize: 2 ** 20 };
        expect(fits(limited, { direction, geometry, options }), name).toBe(name !== 'enlarged');
      }
    };
    check('upsample forward');
    check('upsample inputGrad');
    check('upsample weightGrad');
  });
});

test('along one axis, [a, b, c] becomes [c, b + c, a + b, a], exactly for small integers', async () => {
  // Nothing but the middle row: so the vertical taps are [0, 1, 1, 0].
  const w = upload(Float32Array.of(0, 0, 0, 1, 10, 100, 0, 0, 0));
  const s = await result(real, 16, (emit, s) =>
    emit.call(upsampleWeights, { w, s }, { in_channels: 1, out_channels: 1 }, { layout: 'plain' }),
  );
  const none = [0, 0, 0, 0];
  const row = [100, 110, 11, 1];
  expect([...s]).toEqual([...none, ...row, ...row, ...none]);
});

test.each([
  [1, 1],
  [3, 5],
  [4, 7],
  [16, 33],
])('%i to %i channels: the taps, their layout, and the gradient of both', async (inChannels, outChannels) => {
  const params = { in_channels: inChannels, out_channels: outChannels };
  const slice = inChannels * outChannels;
  const [ws, dss] = [random(9 * slice, 1), random(16 * slice, 2)];
  const [w, ds] = [upload(ws), upload(dss)];
  const [plain, turned] = await Promise.all(
    (['plain', 'turned'] as const).map((layout) =>
      result(real, 16 * slice, (emit, s) => emit.call(upsampleWeights, { w, s }, params, { layout })),
    ),
  );
  const dw = await result(real, 9 * slice, (emit, dw) => emit.call(upsampleWeightsGrad, { ds, dw }, params));

  const [wantPlain, wantTurned] = [new Float64Array(16 * slice), new Float64Array(16 * slice)];
  const wantDw = new Float64Array(9 * slice);
  // Tap t of the 3 meets, from either parity of the output, one of the 4.
  const meets = [
    [3, 2],
    [1, 2],
    [1, 0],
  ] as const;
  for (let y = 0; y < 3; y++)
    for (let x = 0; x < 3; x++)
      for (const u of meets[y]!)
        for (const v of meets[x]!)
          for (let i = 0; i < inChannels; i++)
            for (let o = 0; o < outChannels; o++) {
              const small = (3 * y + x) * slice + i * outChannels + o;
              const large = (4 * u + v) * slice;
              wantPlain[large + i * outChannels + o]! += ws[small]!;
              wantTurned[large + o * inChannels + i]! += ws[small]!;
              wantDw[small]! += dss[large + o * inChannels + i]!;
            }
  // Sums of at most 4 numbers below 1: three roundings of what is below 4.
  expectClose(plain!, wantPlain, { absolute: 3 * 2 ** -23 });
  expectClose(turned!, wantTurned, { absolute: 3 * 2 ** -23 });
  expectClose(dw, wantDw, { absolute: 3 * 2 ** -23 });
});
