/** Convolutions with float16 operands, and on matrix units: every tile in three directions, against float64. */
import { describe, expect, test } from 'vitest';
import type { Algorithm } from '../../../src/kernels/conv/algorithm.ts';
import { directForward } from '../../../src/kernels/conv/direct/index.ts';
import { conv2dMatrix, MATRIX_UNITS, type MatrixUnit } from '../../../src/kernels/conv/gemm/conv2d_matrix.ts';
import { conv2dMatrixWeightGrad } from '../../../src/kernels/conv/gemm/conv2d_matrix_weight_grad.ts';
import { gemmForward, gemmInputGrad } from '../../../src/kernels/conv/gemm/forward.ts';
import { gemmWeightGrad } from '../../../src/kernels/conv/gemm/weight_grad.ts';
import type { ConvGeometry, ConvOptions } from '../../../src/kernels/conv/index.ts';
import type { Direction } from '../../../src/kernels/conv/task.ts';
import type { KernelSpec } from '../../../src/kernels/core/define.ts';
import type { DeviceTraits, Emit } from '../../../src/kernels/core/emit.ts';
import { traitsOf } from '../../../src/kernels/core/record.ts';
import { expectClose } from '../../reference/close.ts';
import { conv2d, conv2dInputGrad, conv2dWeightGrad, sizes } from '../../reference/conv2d.ts';
import { gpu, poisoned, run, upload } from '../../support/gpu.ts';
import { emulated } from '../../support/matrix_emulation.ts';
import { random } from '../../support/random.ts';

const half: DeviceTraits = { ...traitsOf(gpu), precision: 'f16' };
const hasHalf = gpu.device.features.has('shader-f16');
const directions = ['forward', 'inputGrad', 'weightGrad'] as const;
const all = { forward: gemmForward, inputGrad: gemmInputGrad, weightGrad: gemmWeightGrad };
const named = (direction: Direction, prefix: string) =>
  (all[direction] as readonly Algorithm<Direction>[]).filter(({ name }) => name.startsWith(prefix));

const geometry = (from: Partial<ConvGeometry>): ConvGeometry => {
  const g = {
    batch: 1,
    inHeight: 5,
    inWidth: 7,
    inChannels: 20,
    kernelHeight: 3,
    kernelWidth: 3,
    strideY: 1,
    strideX: 1,
  };
  const whole = { ...g, outChannels: 36, padTop: 1, padLeft: 1, ...from };
  const out = (size: number, pad: number, kernel: number, stride: number) =>
    Math.floor((size + 2 * pad - kernel) / stride) + 1;
  return {
    ...whole,
    outHeight: out(whole.inHeight, whole.padTop, whole.kernelHeight, whole.strideY),
    outWidth: out(whole.inWidth, whole.padLeft, whole.kernelWidth, whole.strideX),
  };
};
const pointwise = { kernelHeight: 1, kernelWidth: 1, padTop: 0, padLeft: 0 };

const cases: readonly (readonly [string, ConvGeometry])[] = [
  ['one of everything', geometry({ ...pointwise, inHeight: 1, inWidth: 1, inChannels: 1, outChannels: 1 })],
  ['64 pixels, 64 channels', geometry({ ...pointwise, inHeight: 8, inWidth: 8, inChannels: 32, outChannels: 64 })],
  ['129 pixels, 132 channels', geometry({ ...pointwise, inHeight: 3, inWidth: 43, inChannels: 12, outChannels: 132 })],
  ['63 pixels, primes', geometry({ batch: 3, inHeight: 3, inWidth: 7, inChannels: 13, outChannels: 17 })],
  ['3x3 of 68 channels', geometry({ batch: 2, inChannels: 68, outChannels: 72 })],
  [
    'stride 2',
    geometry({ batch: 2, inHeight: 9, inWidth: 8, inChannels: 16, outChannels: 20, strideY: 2, strideX: 2 }),
  ],
  ['1x7', geometry({ kernelHeight: 1, kernelWidth: 7, padTop: 0, padLeft: 3 })],
  ['5x5 of 2 channels', geometry({ kernelHeight: 5, kernelWidth: 5, padTop: 2, padLeft: 2, inChannels: 2 })],
  ['many pixels', geometry({ ...pointwise, batch: 2, inHeight: 67, inWidth: 41, inChannels: 4, outChannels: 12 })],
];

/** The nearest numbers of 11 significant bits: what float16 holds without rounding. */
function rounded(values: Float32Array): Float32Array<ArrayBuffer> {
  return values.map((value) => {
    const unit = 2 ** (Math.max(-14, Math.floor(Math.log2(Math.abs(value) || 1))) - 10);
    return Math.round(value / unit) * unit;
  }) as Float32Array<ArrayBuffer>;
}

function operands(g: ConvGeometry, prepare: (values: Float32Array<ArrayBuffer>) => Float32Array<ArrayBuffer>) {
  const n = sizes(g);
  const [xs, ws, dys] = [prepare(random(n.x, 1)), prepare(random(n.w, 2)), prepare(random(n.y, 3))];
  const [x, w, dy] = [upload(xs), upload(ws), upload(dys)];
  return {
    forward: { read: { x, w }, written: 'y', elements: n.y, want: () => conv2d(xs, ws, g) },
    inputGrad: { read: { dy, w }, written: 'dx', elements: n.x, want: () => conv2dInputGrad(dys, ws, g) },
    weightGrad: { read: { x, dy }, written: 'dw', elements: n.w, want: () => conv2dWeightGrad(xs, dys, g) },
  } as const;
}

/** Emits with other traits, and other kernels in the place of some. */
function pretending<T>(emit: Emit<T>, traits: DeviceTraits, instead: ReadonlyMap<string, KernelSpec>): Emit<T> {
  return {
    ...emit,
    traits,
    call: (kernel, ...rest) => emit.call((instead.get(kernel.name) ?? kernel) as typeof kernel, ...rest),
  };
}

async function result(
  algorithm: Algorithm<Direction>,
  direction: Direction,
  g: ConvGeometry,
  { read, written, elements }: { read: object; written: string; elements: number },
  { traits = half, instead = new Map<string, KernelSpec>(), options = { activation: 'none' } as ConvOptions } = {},
): Promise<Float32Array> {
  const into = poisoned(elements);
  await run((emit) =>
    algorithm.emit(pretending(emit, traits, instead), { ...read, [written]: into } as never, {
      direction,
      geometry: g,
      options,
    }),
  );
  const values = await gpu.readFloats(into, elements);
  gpu.free(into);
  return values;
}

function terms(direction: Direction, g: ConvGeometry): number {
  const taps = g.kernelHeight * g.kernelWidth;
  return { forward: taps * g.inChannels, inputGrad: taps * g.outChannels, weightGrad: sizes(g).y / g.outChannels }[
    direction
  ];
}

/** What float32 sums of `count` exact products below 1 may be wrong by. */
const float32Tolerance = (count: number) => ({ absolute: 2 ** -24 * count ** 1.5 * 2 + 1e-6 });
/** Rounding both operands adds up to 2^-11 of each product twice, of random signs; 6 standard deviations. */
const float16Tolerance = (count: number) => ({ absolute: 6 * 2 ** -11 * Math.sqrt(count) + 1e-6 });

const task = (direction: Direction, g: ConvGeometry) =>
  ({ direction, geometry: g, options: { activation: 'none' } }) as const;

describe.each(directions)('float16, %s', (direction) => {
  test.each(cases)('%s', async (_, g) => {
    const fitting = named(direction, 'gemm-f16 ').filter((each) => each.fits(half, task(direction, g)));
    expect(fitting.length).toBeGreaterThanOrEqual(5);
    const exact = operands(g, rounded)[direction];
    const any = operands(g, (values) => values)[direction];
    const [wantExact, wantAny] = [exact.want(), any.want()];
    for (const algorithm of fitting) {
      const compute = () => result(algorithm, direction, g, exact);
      if (!hasHalf) {
        await expect(compute()).rejects.toThrow(/conv2d_gemm_f16.*expected a device with shader-f16, got one without/);
        continue;
      }
      // Operands that need no rounding: nothing may be lost in products or sums.
      expectClose(await compute(), wantExact, float32Tolerance(terms(direction, g)));
      const got = await result(algorithm, direction, g, any);
      expectClose(got, wantAny, float16Tolerance(terms(direction, g)));
      expect(got, 'bit for bit').toEqual(await result(algorithm, direction, g, any));
    }
  });
});

test.runIf(hasHalf)('float16 rounds: the results are not those of float32', async () => {
  const g = cases[1]![1];
  const any = operands(g, (values) => values).forward;
  const want = any.want();
  const algorithm = named('forward', 'gemm-f16 32x32')[0]!;
  const got = await result(algorithm, 'forward', g, any);
  const worst = Math.max(...got.map((value, i) => Math.abs(value - want[i]!)));
  expect(worst).toBeGreaterThan(float32Tolerance(terms('forward', g)).absolute * 10);
});

const instead = new Map(
  [conv2dMatrix, conv2dMatrixWeightGrad].map((kernel) => {
    const spec = kernel as unknown as KernelSpec;
    return [spec.name, emulated(spec)];
  }),
);

describe.each(Object.keys(MATRIX_UNITS) as MatrixUnit[])('matrix units %s, emulated', (matrixUnit) => {
  const traits: DeviceTraits = { ...half, matrixUnit };

  test.each(directions)('%s', async (direction) => {
    // Compiling takes seconds: of the other units one tile.
    const [tiles, geometries] = matrixUnit === '16x16x16' ? ['matrix ', cases] : ['matrix 64x64', cases.slice(2, 5)];
    for (const [name, g] of geometries) {
      const exact = operands(g, rounded)[direction];
      const want = exact.want();
      const fitting = named(direction, tiles).filter((each) => each.fits(traits, task(direction, g)));
      expect(fitting.length).toBeGreaterThanOrEqual(tiles === 'matrix ' ? 3 : 1);
      for (const algorithm of fitting) {
        const got = await result(algorithm, direction, g, exact, { traits, instead });
        expect(got.every(Number.isFinite), `${name}, ${algorithm.name}`).toBe(true);
        expectClose(got, want, float32Tolerance(terms(direction, g)));
      }
    }
  });

  test('bias, residual, ReLU, and a range of channels', async () => {
    const g = cases[4]![1];
    const n = sizes(g);
    const exact = operands(g, rounded).forward;
    const [biases, residuals] = [random(g.outChannels, 4), random(n.y, 5)];
    const read = { ...exact.read, bias: upload(biases), residual: upload(residuals) };
    const want = exact.want().map((v, i) => Math.max(0, v + biases[i % g.outChannels]! + residuals[i]!));
    const outView = { stride: g.outChannels + 8, first: 4 };
    const elements = (n.y / g.outChannels) * outView.stride;
    const options = { activation: 'relu', outView } as const;
    const algorithm = named('forward', 'matrix 64x64')[0]!;
    const got = await result(algorithm, 'forward', g, { ...exact, read, elements }, { traits, instead, options });
    const inside = (i: number) => i % outView.stride >= 4 && i % outView.stride < 4 + g.outChannels;
    expectClose(
      got.filter((_, i) => inside(i)),
      want,
      float32Tolerance(terms('forward', g)),
    );
    expect(got.filter((_, i) => !inside(i)).every(Number.isNaN)).toBe(true);
  });
});

describe('the choice', () => {
  const large = geometry({ batch: 16, inHeight: 56, inWidth: 56, inChannels: 128, outChannels: 256 });
  const best = (traits: DeviceTraits, direction: Direction, g: ConvGeometry): string => {
    const candidates = [directForward as Algorithm<Direction>, ...named(direction, '')];
    const fitting = candidates.filter((each) => each.fits(traits, task(direction, g)));
    const costs = fitting.map((each) => each.cost(traits, task(direction, g)));
    return fitting[costs.indexOf(Math.min(...costs))]!.name;
  };
  const card: DeviceTraits = { software: false, subgroupSize: 32, maxStorageBufferBindingSize: 2 ** 31 - 4 };

  test.each(directions)('of a GPU for %s: matrix units, else float16, and float32 unless asked', (direction) => {
    expect(best({ ...card, precision: 'f16', matrixUnit: '16x16x16' }, direction, large)).toMatch(/^matrix /);
    expect(best({ ...card, precision: 'f16' }, direction, large)).toMatch(/^gemm-f16 /);
    expect(best({ ...card, precision: 'f32', matrixUnit: '16x16x16' }, direction, large)).toMatch(/^gemm /);
    expect(best(card, direction, large)).toMatch(/^gemm /);
  });

  test.each(directions)('of a CPU for %s: float32', (direction) => {
    const software = { ...card, software: true, precision: 'f16' } as const;
    for (const [, g] of cases) expect(best(software, direction, g)).toBe('direct');
  });
});
