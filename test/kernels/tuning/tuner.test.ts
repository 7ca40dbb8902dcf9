/** The tuner on the device: finds winners for a graph, trusts no algorithm, and remembers. */
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { compile } from '../../../src/graph/compile.ts';
import { gradients } from '../../../src/graph/gradient.ts';
import { glorotUniform } from '../../../src/graph/initializers.ts';
import { reachable, sizeOf } from '../../../src/graph/node.ts';
import { input, parameterOp } from '../../../src/graph/ops/core/input.ts';
import { mse } from '../../../src/graph/ops/loss/mse.ts';
import { ParameterLayout, ParameterSlab } from '../../../src/graph/parameters.ts';
import type { Algorithm, Algorithms } from '../../../src/kernels/conv/algorithm.ts';
import { candidates } from '../../../src/kernels/conv/candidates.ts';
import { rank } from '../../../src/kernels/conv/choice.ts';
import { directForward, directInputGrad, directWeightGrad } from '../../../src/kernels/conv/direct/index.ts';
import { type AnyDirection, type ConvTask, type Direction, keyOf } from '../../../src/kernels/conv/task.ts';
import { upsampleAlgorithms } from '../../../src/kernels/conv/upsample/index.ts';
import { traitsOf } from '../../../src/kernels/core/record.ts';
import { fill } from '../../../src/kernels/elementwise/fill.ts';
import { Tuner } from '../../../src/kernels/tuning/tuner.ts';
import { colorizationNetwork } from '../../../src/model/network.ts';
import { Gpu } from '../../../src/runtime/gpu.ts';
import { fileStore } from '../../../src/runtime/tuning_store/file.ts';
import { memoryStore, type TuneOptions, type TuningStore } from '../../../src/runtime/tuning_store/index.ts';
import { random } from '../../support/random.ts';

const opened: Gpu[] = [];
afterAll(() => Promise.all(opened.map((gpu) => gpu.close())));

/** A device with a tuner, and what that said. */
async function open(options: TuneOptions = {}) {
  const measured: string[] = [];
  const warnings: string[] = [];
  const progress = (_: number, __: number, key: string) => key && measured.push(key);
  const warn = (message: string) => warnings.push(message);
  const gpu = await Gpu.open({ tune: { store: memoryStore(), progress, warn, ...options } });
  opened.push(gpu);
  return { gpu, measured, warnings };
}

const geometry = {
  ...{ batch: 2, inHeight: 9, inWidth: 11, inChannels: 8, outHeight: 9, outWidth: 11, outChannels: 12 },
  ...{ kernelHeight: 3, kernelWidth: 3, strideY: 1, strideX: 1, padTop: 1, padLeft: 1 },
};
const forward: ConvTask<'forward'> = {
  direction: 'forward',
  geometry,
  options: { activation: 'relu' },
  bias: true,
  residual: false,
};
const none = { activation: 'none' } as const;
const tasks: ConvTask[] = [
  forward,
  { ...forward, residual: true, options: { activation: 'tanh', biasPerImage: true } },
  {
    ...forward,
    bias: false,
    options: { ...none, inView: { stride: 16, first: 4 }, outView: { stride: 20, first: 8 } },
  },
  { direction: 'inputGrad', geometry, options: none, bias: false, residual: false },
  { direction: 'weightGrad', geometry, options: none, bias: false, residual: false },
];

/** The direct algorithm and the one given. */
const beside = (fake: Algorithm<'forward'>): Algorithms<AnyDirection> => ({
  ...upsampleAlgorithms,
  forward: [directForward, fake],
  inputGrad: [directInputGrad],
  weightGrad: [directWeightGrad],
});
/** Takes twice as long as the direct algorithm, and is as right. */
const slow: Algorithm<'forward'> = {
  ...directForward,
  name: 'slow',
  emit: (emit, buffers, convolution) => {
    for (let i = 0; i < 2; i++) directForward.emit(emit, buffers, convolution);
  },
};
/** Is faster than any other, and computes nothing but zeros. */
const zeros: Algorithm<'forward'> = {
  ...directForward,
  name: 'zeros',
  emit: (emit, { y }, { geometry: g }) =>
    emit.call(fill, { y }, { count: g.batch * g.outHeight * g.outWidth * g.outChannels, value: 0 }),
};

describe('a graph', () => {
  const lightness = input('lightness', [1, 16, 16, 1]);
  const answer = colorizationNetwork({ widthDivisor: 16, embeddingWidth: 0 }, lightness);
  const loss = mse(answer, input('target', answer.shape));
  const parameters = reachable([loss]).filter((node) => node.op === parameterOp);
  const outputs = Object.fromEntries([loss, ...gradients(loss, parameters)].map((node, i) => [`${i}`, node]));

  async function results(gpu: Gpu) {
    const layout = new ParameterLayout(reachable([loss]));
    const slab = new ParameterSlab(gpu, 'weights', layout);
    slab.write(glorotUniform(layout, 1));
    const executable = await compile(gpu, { label: 'test', outputs, parameters: slab });
    executable.feed('lightness', random(sizeOf(lightness.shape), 1));
    executable.feed('target', random(sizeOf(answer.shape), 2));
    executable.run();
    const values: Float32Array[] = [];
    for (const name of Object.keys(outputs)) values.push(await executable.read(name));
    const { tuned } = executable;
    executable.close();
    slab.close();
    return { values, tuned };
  }

  test('has a winner for each convolution, and the same results', async () => {
    const plain = await Gpu.open();
    opened.push(plain);
    const expected = await results(plain);
    expect(expected.tuned.size).toBe(0);

    const { gpu, measured, warnings } = await open();
    const bytes = gpu.allocatedBytes;
    const got = await results(gpu);
    expect(gpu.allocatedBytes).toBe(bytes);
    expect(warnings).toEqual([]);
    expect(got.tuned.size).toBeGreaterThan(20);
    expect(new Set(measured)).toEqual(new Set(got.tuned.keys()));
    const names = new Set(Object.values(candidates).flatMap((all) => all.map(({ name }) => name)));
    for (const name of got.tuned.values()) expect(names).toContain(name);
    expected.values.forEach((values, i) => {
      const scale = Math.max(...values.map(Math.abs));
      const worst = values.reduce((max, value, j) => Math.max(max, Math.abs(value - got.values[i]![j]!)), 0);
      expect(worst / scale).toBeLessThan(1e-4);
    });

    measured.length = 0;
    const again = await results(gpu);
    expect(measured).toEqual([]);
    expect(again).toEqual(got);
  });
});

describe('a candidate', () => {
  test('of the real ones is right at everything that may be asked, or left out', async () => {
    const { gpu, warnings } = await open();
    const winners = await Tuner.of(gpu).tune(tasks);
    expect(warnings).toEqual([]);
    expect([...winners.keys()]).toEqual(tasks.map(keyOf));
    for (const task of tasks) {
      const names = rank(traitsOf(gpu), task, candidates[task.direction]).map(({ name }) => name);
      expect(names).toContain(winners.get(keyOf(task)));
    }
  });

  test('that is fast wins, at each direction', async () => {
    const { gpu, warnings } = await open();
    const slower = <D extends Direction>(direct: Algorithm<D>): Algorithm<D> => ({
      ...direct,
      emit: (emit, buffers, convolution) => {
        for (let i = 0; i < 6; i++) direct.emit(emit, buffers, convolution);
      },
    });
    const renamed = <D extends Direction>(direct: Algorithm<D>): Algorithm<D> => ({ ...direct, name: 'fast' });
    const large = { ...geometry, inHeight: 20, inWidth: 20, outHeight: 20, outWidth: 20, inChannels: 16 };
    const sized = tasks.map((task): ConvTask => ({ ...task, geometry: task.options.inView ? geometry : large }));
    const winners = await new Tuner(gpu, {
      ...upsampleAlgorithms,
      forward: [slower(directForward), renamed(directForward)],
      inputGrad: [slower(directInputGrad), renamed(directInputGrad)],
      weightGrad: [slower(directWeightGrad), renamed(directWeightGrad)],
    }).tune(sized);
    expect([...winners.values()]).toEqual(tasks.map(() => 'fast'));
    expect(warnings).toEqual([]);
  });

  test('that is equal, but for noise, does not replace the heuristic’s favorite', async () => {
    const { gpu } = await open();
    const cheaper = { ...directForward, name: 'favorite', cost: () => 1e-3 };
    const winners = await new Tuner(gpu, beside(cheaper)).tune([forward]);
    expect([...winners.values()]).toEqual(['favorite']);
  });

  test.each<[string, Algorithm<'forward'>, RegExp]>([
    ['is wrong', zeros, /its error is [0-9.]+ standard deviations/],
    [
      'leaves some out',
      {
        ...directForward,
        emit: (emit, buffers, task) =>
          directForward.emit(emit, buffers, { ...task, geometry: { ...geometry, batch: 1 } }),
      },
      /its error is/,
    ],
    [
      'gives NaN',
      {
        ...zeros,
        emit: (emit, { y }, { geometry: g }) =>
          emit.call(fill, { y }, { count: g.outHeight * g.outWidth * g.outChannels, value: Number.NaN }),
      },
      /its error is NaN/,
    ],
    [
      'throws',
      {
        ...zeros,
        emit: () => {
          throw new Error('oh no');
        },
      },
      /oh no/,
    ],
    [
      'needs more memory than there is',
      {
        ...zeros,
        emit: (emit, { y }) => emit.call(fill, { y: emit.scratch(2 ** 40) ?? y }, { count: 1, value: 0 }),
      },
      /scratch: expected at most/,
    ],
    [
      'needs a larger grid than there is',
      {
        ...zeros,
        emit: (emit, { y }) => emit.call({ ...fill, workgroups: () => [2 ** 30] }, { y }, { count: 1, value: 0 }),
      },
      /workgroups a dimension/,
    ],
  ])('that %s never wins, and is reported once', async (_, bad, reason) => {
    const { gpu, warnings } = await open();
    const bytes = gpu.allocatedBytes;
    const tuner = new Tuner(gpu, beside({ ...bad, name: 'bad', cost: () => 1 }));
    const winners = await tuner.tune([forward, { ...forward, bias: false }]);
    expect([...winners.values()]).toEqual(['direct', 'direct']);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatch(/^tuning: bad is left out, for forward /);
    expect(warnings[0]).toMatch(reason);
    expect(gpu.allocatedBytes).toBe(bytes);
    await gpu.fence();
  });

  test('that must cost far more is not tried', async () => {
    const { gpu, warnings } = await open();
    const costly = { ...zeros, cost: () => 1e30 };
    expect([...(await new Tuner(gpu, beside(costly)).tune([forward])).values()]).toEqual(['direct']);
    expect(warnings).toEqual([]);
  });

  test('is not tried where not even the operands have room', async () => {
    const { gpu, warnings } = await open();
    const huge = { ...forward, geometry: { ...geometry, batch: 2 ** 30 } };
    const tuner = new Tuner(gpu, beside(slow));
    expect((await tuner.tune([huge, huge])).size).toBe(0);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatch(/could not be measured: x: expected at most/);
  });
});

describe('what was measured is remembered', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'koalarize-tune-'));
  afterAll(() => rm(folder, { recursive: true, force: true }));
  let count = 0;
  /** A folder, and stores that know nothing of each other, as in several processes. */
  const place = () => {
    const path = join(folder, String(count++));
    return { path, store: () => fileStore(path) };
  };
  const tune = async (store: TuningStore, ...which: ConvTask[]) => {
    const { gpu, measured, warnings } = await open({ store });
    const winners = await new Tuner(gpu, beside(slow)).tune(which);
    return { winners, measured, warnings };
  };
  const other = { ...forward, bias: false };

  test('by another device of this process, and by another process', async () => {
    const { store, path } = place();
    const here = store();
    const first = await tune(here, forward, other);
    expect(first.measured).toEqual([keyOf(forward), keyOf(other)]);
    for (const each of [here, store()]) {
      const again = await tune(each, forward, other);
      expect(again.measured).toEqual([]);
      expect(again.winners).toEqual(first.winners);
    }
    expect(await readdir(path)).toHaveLength(1);
  });

  test('although another process writes at the same time, whose winners are kept', async () => {
    const { store } = place();
    const [a, b] = [store(), store()];
    await tune(a, forward);
    await tune(b, other);
    await tune(a, { ...forward, residual: true });
    const all = await tune(store(), forward, other, { ...forward, residual: true });
    expect(all.measured).toEqual([]);
  });

  test('unless the file is damaged, which is written anew', async () => {
    const { store, path } = place();
    await tune(store(), forward);
    const [name] = await readdir(path);
    const file = join(path, name!);
    const whole = await readFile(file, 'utf8');
    await writeFile(file, whole.slice(0, whole.length / 2));
    expect((await tune(store(), forward)).measured).toEqual([keyOf(forward)]);
    expect(JSON.parse(await readFile(file, 'utf8')).winners).toHaveProperty([keyOf(forward)]);
  });

  test('unless it names no algorithm there is', async () => {
    const { store, path } = place();
    await tune(store(), forward);
    const file = join(path, (await readdir(path))[0]!);
    const whole = await readFile(file, 'utf8');
    await writeFile(file, whole.replaceAll(/"(direct|slow)"/g, '"of yesterday"'));
    expect((await tune(store(), forward)).measured).toEqual([keyOf(forward)]);
    expect(await readFile(file, 'utf8')).not.toContain('of yesterday');
  });

  test('apart for other devices, other drivers, and other algorithms', async () => {
    const { store, path } = place();
    await tune(store(), forward);
    const { gpu, measured } = await open({ store: store() });
    const change = async (changes: object, from = beside(slow)) => {
      measured.length = 0;
      const changed = new Proxy(gpu, {
        get: (target, name) => {
          const value: unknown = Object.assign(Object.create(null), changes)[name] ?? Reflect.get(target, name, target);
          return typeof value === 'function' ? value.bind(target) : value;
        },
      });
      await new Tuner(changed, from).tune([forward]);
      return measured.length;
    };
    expect(await change({})).toBe(0);
    expect(await change({ name: 'another card' })).toBe(1);
    expect(await change({ implementation: 'webgpu 9.9.9' })).toBe(1);
    expect(await change({}, beside({ ...slow, name: 'slow 2' }))).toBe(1);
    expect(await readdir(path)).toHaveLength(4);
  });

  test('in this process alone where it cannot be stored, which is said once', async () => {
    const broken: TuningStore = {
      load: () => Promise.reject(new Error('disk gone')),
      save: () => Promise.reject(new Error('disk full')),
    };
    const first = await tune(broken, forward, other);
    expect(first.warnings).toEqual(['tuning: results are not remembered: disk gone']);
    expect((await tune(broken, forward)).measured).toEqual([]);
  });
});
