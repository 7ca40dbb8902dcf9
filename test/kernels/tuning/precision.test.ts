/** float16: opening a device with it, the self-test that it has to pass, and what becomes of those that fail. */
import { describe, expect, test, vi } from 'vitest';
import { conv2dGemmF16 } from '../../../src/kernels/conv/gemm/conv2d_gemm_f16.ts';
import { traitsOf } from '../../../src/kernels/core/record.ts';
import { resolvePrecision } from '../../../src/kernels/tuning/precision.ts';
import { matrixUnitFor } from '../../../src/kernels/tuning/self_test.ts';
import { matrixUnitsOf } from '../../../src/runtime/adapter.ts';
import { Gpu } from '../../../src/runtime/gpu.ts';
import { gpu } from '../../support/gpu.ts';

const hasHalf = gpu.device.features.has('shader-f16');

/** What conv2d_gemm stores of x in workgroup memory. */
const STORED = 'value_of(fetched.x[l].value, fetched.x[l].inside)';

/** Opens the device with float16, runs `body` and closes it. Returns the notices. */
async function withHalf(body: (half: Gpu) => Promise<void>): Promise<string[]> {
  const notices: string[] = [];
  const half = await Gpu.open({ precision: 'f16', onWarning: (message) => notices.push(message) });
  try {
    await body(half);
  } finally {
    await half.close();
  }
  return notices;
}

test('without asking, nothing is rounded, whatever the device has', async () => {
  await resolvePrecision(gpu);
  expect(gpu.precision).toBe('f32');
  expect(gpu.matrixUnits).toEqual([]);
  expect(traitsOf(gpu)).toMatchObject({ precision: 'f32' });
});

test.runIf(!hasHalf)('a device without float16 refuses it', async () => {
  await expect(Gpu.open({ precision: 'f16' })).rejects.toThrow(
    /expected shader-f16 for precision f16, got an adapter without it – use precision f32, or choose another adapter/,
  );
});

describe.runIf(hasHalf)('on a device with float16', () => {
  test('it is used once the self-test has passed', async () => {
    const notices = await withHalf(async (half) => {
      expect(traitsOf(half)).toMatchObject({ precision: 'f32' });
      const before = half.allocatedBytes;
      await resolvePrecision(half);
      expect(traitsOf(half)).toMatchObject({ precision: 'f16' });
      expect(half.allocatedBytes).toBe(before);
      half.check();
    });
    expect(notices).toEqual([]);
  });

  // What a driver could get wrong: a product in the wrong place, products in float16, one that saturates, no compiling.
  test.each([
    ['a wrong address', (wgsl: string) => wgsl.replace('write_output(group.z, at,', 'write_output(group.z, at ^ 1u,')],
    [
      'float16 sums',
      (wgsl: string) => wgsl.replace('sum[i * VECTORS + j]); }', 'quantizeToF16(sum[i * VECTORS + j])); }'),
    ],
    ['saturation', (wgsl: string) => wgsl.replace(STORED, `clamp(${STORED}, vec4f(-6e4), vec4f(6e4))`)],
    ['an error', (wgsl: string) => wgsl.replace(STORED, 'vec4h()')],
  ])('%s fails the self-test: a notice, and float32 instead', async (what, spoil) => {
    const spoilt = spoil(conv2dGemmF16.source);
    expect(spoilt, what).not.toBe(conv2dGemmF16.source);
    vi.spyOn(conv2dGemmF16, 'source', 'get').mockReturnValue(spoilt);
    try {
      const notices = await withHalf(async (half) => {
        await resolvePrecision(half);
        expect(traitsOf(half)).toMatchObject({ precision: 'f32' });
        half.check();
      });
      expect(notices).toEqual([
        expect.stringMatching(/expected float16 to pass its self-test, got .* – float32 is used/),
      ]);
    } finally {
      vi.restoreAllMocks();
    }
  });
});

describe('matrix units', () => {
  const config = { componentType: 'f16', resultComponentType: 'f32', M: 16, N: 8, K: 8 };
  const adapter = (features: string[], subgroupMatrixConfigs: object[]) =>
    ({ features: new Set(features), info: { subgroupMatrixConfigs } }) as unknown as GPUAdapter;

  test('are those for float16 with float32 sums', () => {
    const feature = 'chromium-experimental-subgroup-matrix';
    const others = [
      { ...config, resultComponentType: 'f16' },
      { ...config, componentType: 'f32' },
    ];
    expect(matrixUnitsOf(adapter([feature], [...others, config]))).toEqual(['16x8x8']);
    expect(matrixUnitsOf(adapter([], [config]))).toEqual([]);
    expect(matrixUnitsOf({ features: new Set([feature]), info: {} } as unknown as GPUAdapter)).toEqual([]);
  });

  test('are used in the preferred shape, where subgroups have the size the kernels are written for', () => {
    const matrixUnits = ['16x8x8', '16x16x16', '32x8x16'];
    const fixed = (subgroupSize: number) => ({ subgroupSize, subgroupSizes: undefined });
    expect(matrixUnitFor({ matrixUnits, ...fixed(32) })).toBe('16x16x16');
    expect(matrixUnitFor({ matrixUnits: ['32x8x16'], ...fixed(32) })).toBeUndefined();
    expect(matrixUnitFor({ matrixUnits, ...fixed(16) })).toBeUndefined();
    expect(matrixUnitFor({ matrixUnits, subgroupSize: 0, subgroupSizes: [32, 64] })).toBe('16x16x16');
    expect(matrixUnitFor({ matrixUnits, subgroupSize: 0, subgroupSizes: [8, 16] })).toBeUndefined();
  });
});
