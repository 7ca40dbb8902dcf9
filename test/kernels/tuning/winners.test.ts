/** What the tuner remembers: keys tell work apart, tables survive damage, and what does not apply is ignored. */
import { describe, expect, test } from 'vitest';
import { algorithms, type ConvGeometry, chosen, emitConv2d, ranked } from '../../../src/kernels/conv/index.ts';
import { type ConvTask, keyOf } from '../../../src/kernels/conv/task.ts';
import { type DeviceTraits, emitInto, type KernelCall } from '../../../src/kernels/core/emit.ts';
import { decodeWinners, encodeWinners, fingerprint } from '../../../src/kernels/tuning/winners.ts';

const geometry: ConvGeometry = {
  batch: 2,
  inHeight: 16,
  inWidth: 12,
  inChannels: 32,
  outHeight: 16,
  outWidth: 12,
  outChannels: 64,
  kernelHeight: 3,
  kernelWidth: 3,
  strideY: 1,
  strideX: 1,
  padTop: 1,
  padLeft: 1,
};
const task: ConvTask<'forward'> = {
  direction: 'forward',
  geometry,
  options: { activation: 'relu' },
  bias: true,
  residual: false,
};
const traits: DeviceTraits = { software: true, subgroupSize: 0, maxStorageBufferBindingSize: 2 ** 30 };

describe('the key of a convolution', () => {
  test('can be read', () => {
    expect(keyOf(task)).toBe('forward 2x16x12x32 to 16x12x64 kernel 3x3 stride 1x1 pad 1,1 relu bias');
  });

  test('is another one for each number, each option and each direction', () => {
    const others: ConvTask[] = [
      ...Object.keys(geometry).map((name) => ({
        ...task,
        geometry: { ...geometry, [name]: geometry[name as keyof ConvGeometry] + 1 },
      })),
      { ...task, direction: 'inputGrad' },
      { ...task, direction: 'weightGrad' },
      { ...task, bias: false },
      { ...task, residual: true },
      { ...task, options: { activation: 'none' } },
      { ...task, options: { activation: 'tanh' } },
      { ...task, options: { activation: 'relu', biasPerImage: true } },
      { ...task, options: { activation: 'relu', inView: { stride: 64, first: 0 } } },
      { ...task, options: { activation: 'relu', inView: { stride: 64, first: 32 } } },
      { ...task, options: { activation: 'relu', outView: { stride: 64, first: 0 } } },
      { ...task, options: { activation: 'relu', outView: { stride: 96, first: 0 } } },
    ];
    const keys = [task, ...others].map(keyOf);
    expect(new Set(keys).size).toBe(keys.length);
  });

  test('is the same for the same work', () => {
    const options = { activation: 'relu', biasPerImage: false, outView: undefined } as const;
    expect(keyOf({ ...task, options })).toBe(keyOf(task));
  });
});

describe('a table', () => {
  const winners = new Map([
    ['b', 'direct'],
    ['a', 'gemm'],
  ]);

  test('is read as it was written, sorted', () => {
    const json = encodeWinners('device', winners);
    expect(decodeWinners('device', json)).toEqual(winners);
    expect(json.indexOf('"a"')).toBeLessThan(json.indexOf('"b"'));
  });

  test.each([
    ['another device', encodeWinners('another', winners)],
    ['nothing', undefined],
    ['no JSON', '{"format": 1, "identity": "dev'],
    ['null', 'null'],
    ['another format', '{"format": 2, "identity": "device", "winners": {"a": "direct"}}'],
    ['no winners', '{"format": 1, "identity": "device"}'],
    ['winners without names', '{"format": 1, "identity": "device", "winners": {"a": 1, "b": null}}'],
  ])('of %s is empty', (_, json) => {
    expect(decodeWinners('device', json).size).toBe(0);
  });

  test('has a fingerprint that a changed letter changes', () => {
    const texts = ['', 'a', 'b', 'ab', 'ba', encodeWinners('device', winners), encodeWinners('devicf', winners)];
    const prints = texts.map(fingerprint);
    expect(new Set(prints).size).toBe(texts.length);
    for (const print of prints) expect(print).toMatch(/^[0-9a-f]{16}$/);
  });
});

describe('the choice', () => {
  test.each(algorithms.forward.filter((each) => each.fits(traits, task)).map((each) => [each.name, each] as const))(
    'is %s where that was the fastest',
    (name, algorithm) => {
      const asked: string[] = [];
      const answer = (asking: ConvTask) => {
        asked.push(keyOf(asking));
        return name;
      };
      const tuned = { ...traits, tuned: answer };
      expect(chosen(tuned, task)).toBe(algorithm);

      const kernels = (body: (emit: ReturnType<typeof emitInto<string>>) => void) => {
        const calls: KernelCall<string>[] = [];
        body(emitInto(calls, tuned, (elements) => `scratch of ${elements}`));
        return calls.map(({ kernel, params, choice }) => [kernel.name, params, choice]);
      };
      const buffers = { x: 'x', w: 'w', bias: 'b', y: 'y' };
      asked.length = 0;
      expect(kernels((emit) => emitConv2d(emit, buffers, geometry, task.options))).toEqual(
        kernels((emit) => algorithm.emit(emit, buffers, task)),
      );
      expect(asked).toEqual([keyOf(task)]);
    },
  );

  test('is the heuristic’s where the name is unknown, or absent, or does not fit', () => {
    const [best] = ranked(traits, task);
    expect(chosen(traits, task)).toBe(best);
    expect(chosen({ ...traits, tuned: () => undefined }, task)).toBe(best);
    expect(chosen({ ...traits, tuned: () => 'no such algorithm' }, task)).toBe(best);
    for (const { name } of algorithms.forward.filter((each) => !each.fits(traits, task))) {
      expect(chosen({ ...traits, tuned: () => name }, task)).toBe(best);
    }
  });
});
