/** Tries algorithms for one convolution on the device: first whether their results are right, then how long they take. */
import { DeviceError } from '../../runtime/errors.ts';
import type { Gpu } from '../../runtime/gpu.ts';
import type { Program } from '../../runtime/program.ts';
import { Scope } from '../../runtime/scope.ts';
import type { Algorithm, ConvBuffers } from '../conv/algorithm.ts';
import { pixelsIn, pixelsOut, taps } from '../conv/geometry.ts';
import type { AnyDirection, ConvTask } from '../conv/task.ts';
import { type DeviceTraits, emitInto, type KernelCall } from '../core/emit.ts';
import { type Binding, record } from '../core/record.ts';
import { emitMse } from '../loss/mse.ts';
import { interleaved } from './timing.ts';
import { Workspace } from './workspace.ts';

export interface Trial {
  /** Milliseconds, by algorithm. */
  readonly times: ReadonlyMap<string, number>;
  /** Why others have none. */
  readonly failures: ReadonlyMap<string, string>;
}

/**
 * The root of the mean squared difference from the reference, relative to the results' standard deviation, by the
 * precision of the operands. Rounding to float16 alone makes about 4e-4.
 */
const TOLERANCE = { f32: 1e-4, f16: 2e-3 };
/** The algorithm that computes everything, and what others are checked against. */
export const DIRECT = 'direct';
/** Elements of the reference from which that deviation is taken. */
const SAMPLE = 1 << 20;

/**
 * Runs `candidates` on the same seeded data, with everything they overwrite full of other numbers. Convolutions that they
 * leave to others are computed as `traits` say; those of the reference, by the direct algorithm.
 *
 * @throws DeviceError when the operands do not fit the device, or it is lost.
 */
export async function validate<D extends AnyDirection>(
  gpu: Gpu,
  traits: DeviceTraits,
  task: ConvTask<D>,
  candidates: readonly Algorithm<D>[],
  reference: Algorithm<D>,
): Promise<Trial> {
  const tolerance = TOLERANCE[traits.precision ?? 'f32'];
  const failures = new Map<string, string>();
  const programs = new Map<string, Program>();
  const scope = new Scope(gpu);
  try {
    const space = scope.own(await Workspace.open(gpu));
    const { result, elements, scale } = operandsOf(task);
    const operands: Record<string, GPUBuffer> = {};
    await gpu.attempt(() => {
      for (const [name, count] of Object.entries(elements)) {
        operands[name] = space.buffer(name, count, name === 'w' ? scale : 1);
      }
    });
    const count = elements[result]!;
    const [expected, got, error] = await gpu.attempt(() => [
      space.buffer('expected', count),
      operands[result]!,
      space.buffer('error', 1),
    ]);

    const program = async (algorithm: Algorithm<D>, into: GPUBuffer, traits: DeviceTraits): Promise<Program> => {
      const calls: KernelCall<Binding>[] = [];
      const buffers = { ...operands, [result]: into } as unknown as ConvBuffers<Binding>[D];
      await gpu.attempt(() => {
        algorithm.emit(emitInto(calls, traits, space.scratch), buffers, task);
        space.seed(into, count, 0);
      });
      const made = scope.own(await record(gpu, algorithm.name, calls));
      await gpu.attempt(() => gpu.submit(made));
      return made;
    };
    await space.attempt(() => program(reference, expected, { ...traits, tuned: () => DIRECT }));
    const deviation = deviationOf(await gpu.readFloats(expected, Math.min(count, SAMPLE)));

    const calls: KernelCall<Binding>[] = [];
    const compared = { pred: got, truth: expected, y: error };
    emitMse(
      emitInto(calls, traits, (size) => space.buffer('sums', size)),
      compared,
      { pixels: count, channels: 1, scale: 1 / count },
    );
    const compare = scope.own(await record(gpu, 'compare', calls));
    for (const algorithm of candidates) {
      try {
        const made = await space.attempt(() => program(algorithm, got, traits));
        gpu.submit(compare);
        const [squared] = await gpu.readFloats(error, 1);
        const relative = Math.sqrt(squared!) / deviation;
        if (relative <= tolerance) programs.set(algorithm.name, made);
        else failures.set(algorithm.name, `its error is ${relative.toPrecision(2)} standard deviations`);
      } catch (cause) {
        gpu.check(); // A lost device is nobody's fault here, and ends it all.
        failures.set(algorithm.name, (cause as Error).message);
      }
    }
    return { times: await interleaved(gpu, programs), failures };
  } finally {
    scope.close();
  }
}

/** The elements of each buffer, which of them is the result, and what weights are scaled by so that its variance is 1. */
export function operandsOf({ direction, geometry: g, options, bias, residual }: ConvTask): {
  readonly result: string;
  readonly elements: Readonly<Record<string, number>>;
  readonly scale: number;
} {
  const x = pixelsIn(g) * (options.inView?.stride ?? g.inChannels);
  const w = taps(g) * g.inChannels * g.outChannels;
  const y = pixelsOut(g) * (options.outView?.stride ?? g.outChannels);
  const scaleFor = (channels: number) => 3 / Math.sqrt(taps(g) * channels);
  switch (direction) {
    case 'forward':
    case 'upsample forward': {
      const biases = g.outChannels * (options.biasPerImage ? g.batch : 1);
      const elements = { x, w, y, ...(bias && { bias: biases }), ...(residual && { residual: y }) };
      return { result: 'y', elements, scale: scaleFor(g.inChannels) };
    }
    case 'inputGrad':
    case 'upsample inputGrad':
      return { result: 'dx', elements: { dy: y, w, dx: x }, scale: scaleFor(g.outChannels) };
    case 'weightGrad':
    case 'upsample weightGrad':
      return { result: 'dw', elements: { x, dy: y, dw: w }, scale: 1 };
  }
}

/** @throws DeviceError for results that nothing can be compared with. */
function deviationOf(values: Float32Array): number {
  const mean = values.reduce((sum, value) => sum + value / values.length, 0);
  const deviation = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2 / values.length, 0));
  if (Number.isFinite(deviation) && deviation > 0) return deviation;
  throw new DeviceError({
    where: 'tuning',
    expected: 'numbers from the reference algorithm',
    got: `a deviation of ${deviation}`,
    hint: 'update the driver, or leave tuning off',
  });
}
