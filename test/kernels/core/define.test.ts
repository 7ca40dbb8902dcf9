import { describe, expect, test } from 'vitest';
import { defineKernel, dispatch1d, type KernelSpec, locate, specialize } from '../../../src/kernels/core/define.ts';
import { packParams } from '../../../src/kernels/core/record.ts';
import { biasAdd } from '../../../src/kernels/elementwise/bias_add.ts';
import { relu } from '../../../src/kernels/elementwise/relu.ts';
import { reluGrad } from '../../../src/kernels/elementwise/relu_grad.ts';
import { coverage } from '../../../src/kernels/image/coverage.ts';
import { sumRows } from '../../../src/kernels/reduction/sum_rows.ts';
import { KernelError } from '../../../src/runtime/errors.ts';
import { gpu, poisoned, run, upload } from '../../support/gpu.ts';
import { random } from '../../support/random.ts';
import { refusal } from '../../support/refusal.ts';

describe('a declaration that disagrees with its WGSL is refused:', () => {
  const define = (change: Partial<KernelSpec>) => () => defineKernel({ ...(relu as unknown as KernelSpec), ...change });

  const BINDINGS = 'bindings as in WGSL, [x: read, y: read_write, params: uniform]';

  test('another parameter', () => {
    expect(define({ params: { n: 'u32' } })).toThrowErrorMatchingInlineSnapshot(
      `[KernelError: relu: expected params as in WGSL, [count: u32], got [n: u32] in TypeScript]`,
    );
  });
  test('another type of parameter', () => {
    const got = '[count: f32] in TypeScript';
    expect(define({ params: { count: 'f32' } })).toThrow(refusal('KernelError', 'relu', got, '[count: u32]'));
  });
  test('another order of buffers', () => {
    const { x, y } = relu.buffers;
    const got = '[y: read_write, x: read, params: uniform] in TypeScript';
    expect(define({ buffers: { y, x } as never })).toThrow(refusal('KernelError', 'relu', got, BINDINGS));
  });
  test('another access', () => {
    const { x, y } = relu.buffers;
    const buffers = { x, y: { ...y, access: 'read' } } as never;
    const got = '[x: read, y: read, params: uniform] in TypeScript';
    expect(define({ buffers })).toThrow(refusal('KernelError', 'relu', got, BINDINGS));
  });
  test('a constant that is not there', () => {
    const got = '[WORKGROUP, TILE] in TypeScript';
    const error = refusal('KernelError', 'relu', got, 'override constants as in WGSL, [WORKGROUP]');
    expect(define({ constants: { WORKGROUP: 256, TILE: 8 } })).toThrow(error);
  });
});

describe('a library', () => {
  const kernel = {
    name: 'halve',
    source:
      '// halve\n@group(0) @binding(0) var<storage, read_write> y: array<vec4f>;\nfn main() { y[0] = half(y[0]); }\n',
    library: {
      shape: 'struct Params {\n  count: u32,\n}\n@group(0) @binding(1) var<uniform> params: Params;\n',
      half: '// half\nenable f16;\nfn half(v: vec4f) -> vec4f { return 0.5 * v; }\n',
    },
    buffers: { y: { access: 'read_write' as const, length: () => 4 } },
    params: { count: 'u32' } as const,
    constants: {},
    variants: { end: { none: 'const END = 0;', two: 'const END = 1;\nconst LAST = 2;' } },
    workgroups: () => [1] as const,
  };

  test('comes after the shader and its variants; its directives come first of all, and no line moves', () => {
    expect(specialize(defineKernel(kernel), { end: 'two' })).toBe(
      [
        'enable f16; // halve',
        '@group(0) @binding(0) var<storage, read_write> y: array<vec4f>;',
        'fn main() { y[0] = half(y[0]); }',
        '',
        'const END = 1;',
        'const LAST = 2;',
        'struct Params {',
        '  count: u32,',
        '}',
        '@group(0) @binding(1) var<uniform> params: Params;',
        '',
        '// half',
        '',
        'fn half(v: vec4f) -> vec4f { return 0.5 * v; }',
        '',
      ].join('\n'),
    );
  });

  test('each line has its file', () => {
    const where = [1, 3, 4, 5, 6, 7, 10, 12, 14].map((line) => locate(kernel, { end: 'two' }, line));
    expect(where).toEqual([
      ...['halve.wgsl:1', 'halve.wgsl:3', 'halve.wgsl:4', "halve, end 'two':1", "halve, end 'two':2"],
      ...['lib/shape.wgsl:1', 'lib/shape.wgsl:4', 'lib/half.wgsl:1', 'lib/half.wgsl:3'],
    ]);
  });

  test('that disagrees with the declaration is refused', () => {
    const error = refusal('KernelError', 'halve', '[size: u32] in TypeScript', '[count: u32]');
    expect(() => defineKernel({ ...kernel, params: { size: 'u32' } })).toThrow(error);
  });

  test('that does not exist is refused', () => {
    const library = { ...kernel.library, lab: undefined as unknown as string };
    expect(() => defineKernel({ ...kernel, library })).toThrow(
      refusal('KernelError', 'halve', 'undefined', "library 'lab'"),
    );
  });

  test('that does not compile is named by file and line', async () => {
    const text = reluGrad.library!.elementwise!;
    const library = { elementwise: text.replace('  store(i, value);', '  store(i, value, 0u);') };
    const line = text.split('\n').indexOf('  store(i, value);') + 1;
    const [y, dy, dx] = [upload(random(4)), upload(random(4)), poisoned(4)];
    const call = run((emit) => emit.call({ ...reluGrad, library }, { y, dy, dx }, { count: 4 }));
    await expect(call).rejects.toThrowError(`relu_grad does not compile:\n  lib/elementwise.wgsl:${line}:`);
  });
});

test('two kernels with one name are two', async () => {
  const twice = { ...relu, source: relu.source.replace('max(x[i], vec4f(0.0))', '2.0 * x[i]') };
  expect(twice.source).not.toBe(relu.source);
  const [x, once, doubled] = [upload(Float32Array.of(1, 2, 3, 4)), poisoned(4), poisoned(4)];
  await run((emit) => emit.call(relu, { x, y: once }, { count: 4 }));
  await run((emit) => emit.call(twice, { x, y: doubled }, { count: 4 }));
  expect([...(await gpu.readFloats(once))]).toEqual([1, 2, 3, 4]);
  expect([...(await gpu.readFloats(doubled))]).toEqual([2, 4, 6, 8]);
});

describe('a call that does not fit is refused:', () => {
  test('a short buffer', async () => {
    const dx = poisoned(8);
    const call = run((emit) => emit.call(reluGrad, { y: upload(random(4)), dy: upload(random(8)), dx }, { count: 5 }));
    await expect(call).rejects.toThrowErrorMatchingInlineSnapshot(
      `[KernelError: relu_grad: expected 'y' of 8 elements for {"count":5}, got 4]`,
    );
  });
  test('a short range of a buffer', async () => {
    const x = { buffer: upload(random(256)), offset: 256, size: 20 };
    const call = run((emit) => emit.call(relu, { x, y: poisoned(8) }, { count: 5 }));
    await expect(call).rejects.toThrow(refusal('KernelError', 'relu', '5', "'x' of 8 elements"));
  });
  test('a missing buffer', async () => {
    const call = run((emit) => emit.call(relu, { x: upload(random(4)) } as never, { count: 4 }));
    await expect(call).rejects.toThrow(refusal('KernelError', 'relu', 'none', "a buffer 'y'"));
  });
  test('one buffer that is read and written', async () => {
    const x = upload(random(4));
    const call = run((emit) => emit.call(relu, { x, y: x }, { count: 4 }));
    await expect(call).rejects.toThrow(refusal('KernelError', 'relu', "'test input' for both", 'other buffers'));
  });
  test('a grid past the limit', async () => {
    // 70 000 images of one row and channel: as many workgroups along z.
    const x = upload(new Float32Array(70000));
    const params = { outer: 70000, rows: 1, channels: 1, chunk: 1, lanes: 1 };
    const call = run((emit) => emit.call(sumRows, { x, y: poisoned(70000) }, params, { vector: 'scalar' }));
    const expected = `at most 65535 workgroups a dimension, the limit of ${gpu.name}`;
    await expect(call).rejects.toThrow(refusal('KernelError', 'sum_rows', '1 x 1 x 70000', expected));
  });
  test('an unknown variant', () => {
    const activation = 'gelu' as never;
    expect(() => specialize(biasAdd, { activation })).toThrowErrorMatchingInlineSnapshot(
      `[KernelError: bias_add: expected activation none, relu, relu6, hard_swish, tanh, got 'gelu']`,
    );
    expect(() => specialize(biasAdd, {} as never)).toThrow(refusal('KernelError', 'bias_add', "'undefined'"));
  });
});

test('WGSL that does not compile is named by file and line', async () => {
  const broken = { ...relu, name: 'broken', source: relu.source.replace('max(x[i], vec4f(0.0))', 'max(x[i], 0u)') };
  const line = broken.source.split('\n').findIndex((each) => each.includes('max(x[i], 0u)')) + 1;
  const call = run((emit) => emit.call(broken, { x: upload(random(4)), y: poisoned(4) }, { count: 4 }));
  await expect(call).rejects.toThrowError(`broken does not compile:\n  broken.wgsl:${line}:`);
});

test('parameters are packed in order, by type', () => {
  const params = { a: 'u32', b: 'f32', c: 'i32', d: 'u32', e: 'f32' } as const;
  const kernel = { params } as unknown as KernelSpec;
  const packed = new DataView(packParams({ kernel, params: { e: -2, d: 4e9, c: -3, b: 0.5, a: 7 } }));
  expect(packed.byteLength).toBe(32);
  expect([packed.getUint32(0, true), packed.getFloat32(4, true), packed.getInt32(8, true)]).toEqual([7, 0.5, -3]);
  expect([packed.getUint32(12, true), packed.getFloat32(16, true)]).toEqual([4e9, -2]);
});

describe('a parameter that is no number of its type is refused: nothing wraps, and nothing becomes 0:', () => {
  const kernel = { name: 'k', params: { a: 'u32', b: 'i32', c: 'f32' } } as const;
  const good = { a: 1, b: -1, c: 0.5 };
  test.each([
    ['a', Number.NaN],
    ['a', undefined],
    ['a', 2 ** 32 + 5],
    ['a', 2 ** 32],
    ['a', -1],
    ['a', 1.7],
    ['a', '3'],
    ['a', 1n],
    ['b', 2 ** 31],
    ['b', -(2 ** 31) - 1],
    ['b', 0.5],
    ['c', Number.NaN],
    ['c', Number.POSITIVE_INFINITY],
    ['c', 1e39],
    ['c', '0.5'],
    ['c', undefined],
  ])('%s = %s', (name, value) => {
    const pack = () => packParams({ kernel, params: { ...good, [name]: value } as never });
    expect(pack).toThrow(KernelError);
    expect(pack).toThrow(`k: expected '${name}' as `);
  });

  test('one that is missing', () => {
    const { a, b } = good;
    expect(() => packParams({ kernel, params: { a, b } })).toThrow(
      refusal('KernelError', 'k', 'none', "'c' as a number"),
    );
  });

  test('but the ends of the ranges, and numbers that are data', () => {
    const any = { ...kernel, anyNumber: ['c'] } as const;
    const packed = new DataView(packParams({ kernel: any, params: { a: 2 ** 32 - 1, b: -(2 ** 31), c: Number.NaN } }));
    expect([packed.getUint32(0, true), packed.getInt32(4, true), packed.getFloat32(8, true)]).toEqual([
      2 ** 32 - 1,
      -(2 ** 31),
      Number.NaN,
    ]);
  });

  test('where lengths depend on it, and where the grid does', async () => {
    const bind = () => ({ x: upload(random(4)), y: poisoned(4) });
    for (const count of [Number.NaN, undefined as never, -1]) {
      await expect(run((emit) => emit.call(relu, bind(), { count }))).rejects.toThrow(KernelError);
    }
    const lost = { ...relu, workgroups: () => [Number.NaN] as const };
    await expect(run((emit) => emit.call(lost, bind(), { count: 4 }))).rejects.toThrow(
      'relu: expected whole numbers of workgroups, got NaN x 1 x 1',
    );
  });
});

test('threads come in workgroups of the declared size', () => {
  const { workgroups: _, ...rest } = coverage;
  const kernel = defineKernel({ ...rest, constants: { WORKGROUP: 100 }, threads: ({ images }) => 3 * images });
  const params = { images: 67, height: 1, width: 1, source_height: 1, source_width: 1 };
  expect(kernel.workgroups(params, {})).toEqual([3]);
  expect(kernel).not.toHaveProperty('threads');
  const bare = { ...rest, source: rest.source.replace(/^override WORKGROUP.*$/m, ''), constants: {} };
  expect(() => defineKernel({ ...bare, threads: () => 1 })).toThrow(
    'coverage: expected a constant WORKGROUP beside threads, got none – or give workgroups',
  );
});

test.each([
  [1, [1]],
  [256, [1]],
  [257, [2]],
  [65535 * 256, [65535]],
  [65535 * 256 + 1, [32768, 2]],
  [2 ** 31, [65028, 129]],
])('linear grid of %i threads', (count, want) => {
  const grid = dispatch1d(count, 256);
  expect(grid).toEqual(want);
  expect(grid.reduce<number>((a, b) => a * b!, 256)).toBeGreaterThanOrEqual(count);
});

test('a grid folded into two dimensions reaches every element', async () => {
  // More than 65 535 workgroups of 256 pixels, from a small source whose edge repeats.
  const [height, width] = [4111, 4091];
  const pixels = upload(Uint32Array.from({ length: 9 }, (_, i) => ((i + 1) << 24) >>> 0));
  const y = poisoned(height * width);
  const params = { images: 1, height, width, source_height: 3, source_width: 3 };
  expect(coverage.workgroups(params, {}).length).toBe(2);
  await run((emit) => emit.call(coverage, { pixels, crops: upload(new Uint32Array(4)), y }, params));
  const got = await gpu.readFloats(y, height * width);
  let wrong = 0;
  for (let i = 0; i < got.length; i++) {
    const want = 3 * Math.min(Math.floor(i / width), 2) + Math.min(i % width, 2) + 1;
    if (Math.round(255 * got[i]!) !== want) wrong++;
  }
  expect(wrong).toBe(0);
  gpu.free(y);
});
