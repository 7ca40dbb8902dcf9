/**
 * One training step on the device: bytes in, loss out. It knows how to split a batch that is too large for the device,
 * and nothing of files, epochs or networks.
 */
import { compile } from '../graph/compile.ts';
import type { Executable } from '../graph/executable.ts';
import { gradients } from '../graph/gradient.ts';
import { glorotUniform } from '../graph/initializers.ts';
import { isOp, type Node, reachable } from '../graph/node.ts';
import type { Lightness } from '../graph/ops/color/image.ts';
import { input, nameOf, parameterOp } from '../graph/ops/core/input.ts';
import { ParameterLayout, ParameterSlab, type Tensors } from '../graph/parameters.ts';
import { resolvePrecision } from '../kernels/tuning/precision.ts';
import type { Winners } from '../kernels/tuning/winners.ts';
import { expectGpu, expectObject, expectOptions } from '../runtime/arguments.ts';
import { asyncDispose, type Closable } from '../runtime/dispose.ts';
import { closedError, ShapeError } from '../runtime/errors.ts';
import type { Gpu } from '../runtime/gpu.ts';
import type { Program } from '../runtime/program.ts';
import { Scope } from '../runtime/scope.ts';
import type { Batch } from './data/batch.ts';
import { expectFeatures, featureName, type LossConfig, lossGraph, type NetworkBuilder } from './loss.ts';
import { Adam, type AdamOptions } from './optimizer/adam.ts';
import { makeCheck } from './optimizer/finite_check.ts';
import { type GradientSum, makeSum } from './optimizer/gradient_sum.ts';
import { INITIAL_LOSS_SCALE, isExhausted, type LossScaleState, nextLossScale } from './optimizer/loss_scale.ts';
import { WeightAverage } from './optimizer/weight_average.ts';

/** What a step of training is made of, with nothing left out. */
export interface TrainerConfig extends LossConfig {
  /** Pictures a step; a multiple of `microBatch`, as the gradients of its parts are added up. */
  readonly batch: number;
  readonly adam: AdamOptions;
  /** The decay of the weights' moving average; default there is none. */
  readonly averageDecay?: number | undefined;
}

/** What a step of training is made of. */
export interface TrainerOptions extends Partial<TrainerConfig> {
  /** Pixels a side. */
  readonly size: number;
  /** Pictures a step; default 8. */
  readonly batch?: number;
  /** Pictures that go through the network together; default all of a step. With fewer, it takes less memory. */
  readonly microBatch?: number;
  /** Which lightness the network sees: `luma` (default), as of a black-and-white photograph, or `lab`, as of its colors. */
  readonly lightness?: Lightness;
  /** What the pictures' chroma is multiplied by; default 1. */
  readonly chromaScale?: number;
  /** Whether padding (alpha 0) is left out of the loss; default false. */
  readonly masked?: boolean;
  /** Default as Adam's authors have it. */
  readonly adam?: AdamOptions;
  /** Of the random weights that it begins with, unless others are loaded; default 1. */
  readonly seed?: number;
}

const OPTIONS = [
  'batch',
  'adam',
  'averageDecay',
  'microBatch',
  'size',
  'lightness',
  'chromaScale',
  'masked',
  'colorWeights',
  'features',
  'cell',
  'classes',
  'seed',
] as const satisfies (keyof TrainerOptions)[];
const ADAM_OPTIONS = ['beta1', 'beta2', 'epsilon', 'clipNorm'] as const satisfies (keyof AdamOptions)[];

interface Parts {
  /** All that is on the device. */
  readonly scope: Scope;
  readonly weights: ParameterSlab;
  readonly step: Executable;
  readonly gradient: ParameterSlab;
  /** Absent where there is one micro-batch. */
  readonly sum: GradientSum | undefined;
  readonly adam: Adam;
  readonly average: WeightAverage | undefined;
  readonly check: Program;
  /** Whether the gradients are finite; absent in float32, which needs no loss scaling. */
  readonly overflow: { readonly check: Program; readonly result: GPUBuffer } | undefined;
}

/** A compiled training step with its weights and optimizer, on a device. Created by `Trainer.create`. */
export class Trainer implements Closable {
  readonly config: TrainerConfig;
  readonly weights: ParameterSlab;
  readonly adam: Adam;
  /** Follows `weights`; undefined without a decay. */
  readonly average: WeightAverage | undefined;
  readonly #gpu: Gpu;
  readonly #parts: Parts;
  #lossScale = INITIAL_LOSS_SCALE;
  #lastStep = 0;
  #closed = false;
  /** Until it is known whether the last step's gradients are finite, the next one's scale is not known either. */
  #decided: Promise<unknown> = Promise.resolve();

  private constructor(gpu: Gpu, config: TrainerConfig, parts: Parts) {
    this.#gpu = gpu;
    this.config = config;
    this.weights = parts.weights;
    this.adam = parts.adam;
    this.average = parts.average;
    this.#parts = parts;
  }

  /**
   * Compiles the step. The weights are random (Glorot's uniform ones) until others are loaded.
   *
   * @throws ArgumentError for options that do not exist, ShapeError for what does not fit together, DeviceError where there
   *   is not enough memory: then nothing of it stays allocated.
   */
  static async create(gpu: Gpu, options: TrainerOptions, network: NetworkBuilder): Promise<Trainer> {
    expectGpu('Trainer.create', gpu);
    expectObject('Trainer.create', 'options', options);
    expectOptions('Trainer.create', options, OPTIONS);
    const { seed = 1, ...given } = options;
    const config = withDefaults(given);
    const { batch, microBatch, adam } = config;
    expectOptions('Trainer.create adam', adam, ADAM_OPTIONS);
    const isCount = (value: number) => Number.isInteger(value) && value > 0;
    if (!(isCount(batch) && isCount(microBatch) && isCount(batch / microBatch))) {
      throw new ShapeError({ where: 'train', expected: `a micro-batch that divides ${batch}`, got: microBatch });
    }
    await resolvePrecision(gpu);
    return Scope.build(gpu, async (scope) => {
      const trainer = new Trainer(gpu, config, await makeParts(gpu, config, network, scope));
      trainer.load(glorotUniform(trainer.weights.layout, seed));
      return trainer;
    });
  }

  /**
   * Submits step `step` (1 for the first) and returns its loss once the device is done; NaN too when a weight is no
   * longer finite after it. With float16, a step whose gradients are not finite leaves the weights as they are.
   *
   * Steps may be submitted before the loss of the last one has arrived; they run in order.
   */
  async step(batch: Batch, step: number, learningRate: number): Promise<number> {
    if (this.#closed) throw closedError('trainer', 'create another one');
    const parts = this.#feeds(batch);
    this.#lastStep = step;
    if (this.#parts.overflow) {
      const { check, result } = this.#parts.overflow;
      const turn = this.#decided.then(() => this.#scaledStep(parts, step, learningRate, check, result));
      this.#decided = turn.catch(() => undefined);
      return (await turn).loss;
    }
    this.#submit(parts, ...this.#update(step, learningRate), this.#parts.check);
    return this.#loss(parts.length);
  }

  /** Submits the step that was asked for, once the one before has told its scale; wrapped, as the loss comes later. */
  async #scaledStep(
    parts: readonly (() => void)[],
    step: number,
    learningRate: number,
    check: Program,
    result: GPUBuffer,
  ): Promise<{ readonly loss: Promise<number> }> {
    const abandoned = { loss: Promise.resolve(Number.NaN) };
    if (this.#closed) return abandoned;
    const { scale, skipped } = this.#lossScale;
    this.#parts.step.feed(LOSS_SCALE, Float32Array.of(scale));
    this.#submit(parts, check);
    const [notFinite] = await this.#gpu.readFloats(result, 1);
    if (this.#closed) return abandoned;
    const finite = notFinite === 0;
    if (finite) {
      this.#gpu.submit(...this.#update(step - skipped, learningRate, scale), this.#parts.check);
    } else if (isExhausted(this.#lossScale)) return abandoned;
    else this.#gpu.submit(this.#parts.check);
    this.#lossScale = nextLossScale(this.#lossScale, finite);
    const loss = this.#loss(parts.length);
    loss.catch(() => undefined); // Whoever asked for the step hears of it.
    return { loss };
  }

  /** What makes new weights of the gradients. `step` counts the updates. */
  #update(step: number, learningRate: number, lossScale?: number): Program[] {
    this.adam.prepare(step, learningRate, lossScale);
    this.average?.prepare(step);
    return this.average ? [...this.adam.programs, this.average.program] : [...this.adam.programs];
  }

  /** Submits the gradients of all parts, then the rest. */
  #submit(parts: readonly (() => void)[], ...then: Program[]): void {
    if (!this.#parts.sum) {
      parts[0]!();
      this.#gpu.submit(this.#parts.step.program, ...then);
      return;
    }
    this.#gpu.submit(this.#parts.sum.clear);
    for (const feed of parts) {
      feed();
      this.#gpu.submit(this.#parts.step.program, this.#parts.sum.add);
    }
    this.#gpu.submit(...then);
  }

  async #loss(parts: number): Promise<number> {
    const buffer = this.#parts.sum?.buffer ?? this.#parts.gradient.buffer;
    const tail = new Float32Array(await this.#gpu.read(buffer, CHECK_OFFSET + 4, this.weights.layout.bytes));
    return tail[CHECK_OFFSET / 4] === 0 ? tail[0]! / parts : Number.NaN;
  }

  /** What the next step's loss is scaled by, with no step in flight; undefined in float32. */
  get lossScale(): LossScaleState | undefined {
    return this.#parts.overflow && this.#lossScale;
  }

  /** The number of the last step that was asked for; 0 before the first. */
  get lastStep(): number {
    return this.#lastStep;
  }

  /** What the tuner chose for a step; empty without a tuner. */
  get tuned(): Winners {
    return this.#parts.step.tuned;
  }

  /** The weights to use: averaged where there is an average. */
  get best(): ParameterSlab {
    return this.average?.slab ?? this.weights;
  }

  /** Writes weights, and the optimizer's moments, the loss scale and the average where they are given. */
  load(
    weights: Tensors,
    moments?: { readonly m: Tensors; readonly v: Tensors },
    lossScale: LossScaleState = INITIAL_LOSS_SCALE,
    average: Tensors = weights,
  ): void {
    this.weights.write(weights);
    this.average?.slab.write(average);
    this.#lossScale = lossScale;
    if (!moments) return;
    this.adam.moments.m.write(moments.m);
    this.adam.moments.v.write(moments.v);
  }

  /** Frees everything. Steps that have not been submitted never are. Safe to call twice. */
  close(): void {
    this.#closed = true;
    this.#parts.scope.close();
  }

  async [asyncDispose](): Promise<void> {
    this.close();
  }

  /** One function for each micro-batch, which writes its part of the batch. */
  #feeds(given: Batch): (() => void)[] {
    expectObject('train', 'a batch', given);
    const { pixels, crops, features } = given;
    const { batch, microBatch } = this.config;
    expectFeatures(features, batch, this.config.features ?? []);
    const part = <A extends { length: number; subarray(start: number, end: number): A }>(all: A, i: number): A => {
      const length = (all.length / batch) * microBatch;
      return all.subarray(i * length, (i + 1) * length);
    };
    return Array.from({ length: batch / microBatch }, (_, i) => () => {
      this.#parts.step.feed('pixels', part(pixels, i));
      this.#parts.step.feed('crops', part(crops, i));
      features.forEach((feature, kind) => {
        this.#parts.step.feed(featureName(kind), part(feature, i));
      });
    });
  }
}

function withDefaults(options: Omit<TrainerOptions, 'seed'>): TrainerConfig {
  const { batch = 8 } = options;
  return { batch, microBatch: batch, lightness: 'luma', chromaScale: 1, masked: false, adam: {}, ...options };
}

/** Bytes from the loss to the check's result: WebGPU's alignment for a binding's offset. */
const CHECK_OFFSET = 256;

/** The name of the input that the loss is multiplied by before it is differentiated. */
const LOSS_SCALE = 'loss scale';

function gradientOutputs(loss: Node, gradient: ParameterSlab, scale: Node | undefined) {
  const parameters = reachable([loss]).filter((node) => isOp(node, parameterOp));
  const grads = gradients(loss, parameters, scale);
  const outputs = Object.fromEntries(parameters.map((node, i) => [nameOf(node), grads[i]!]));
  const outputBuffers = Object.fromEntries(parameters.map((node) => [nameOf(node), gradient.binding(nameOf(node))]));
  const lossPlace = { buffer: gradient.buffer, offset: gradient.layout.bytes, size: 16 };
  return { outputs: { ...outputs, loss }, outputBuffers: { ...outputBuffers, loss: lossPlace } };
}

/** Puts everything on the device. */
async function makeParts(gpu: Gpu, config: TrainerConfig, network: NetworkBuilder, scope: Scope): Promise<Parts> {
  const parts = config.batch / config.microBatch;
  const scaled = gpu.validated.precision === 'f16';
  const { loss } = lossGraph(config, network);
  const layout = new ParameterLayout(reachable([loss]));
  const weights = scope.own(new ParameterSlab(gpu, 'weights', layout));
  // The loss lies behind the gradients, so that one dispatch adds up both.
  const gradient = scope.own(new ParameterSlab(gpu, 'gradient', layout, CHECK_OFFSET + 16));
  const outputs = gradientOutputs(loss, gradient, scaled ? input(LOSS_SCALE, loss.shape) : undefined);
  const step = scope.own(await compile(gpu, { label: 'training step', parameters: weights, ...outputs }));
  const sum = parts === 1 ? undefined : await makeSum(gpu, scope, gradient.buffer);
  const total = sum?.buffer ?? gradient.buffer;
  const adam = await Adam.create(gpu, scope, weights, total, parts, config.adam);
  const count = layout.bytes / 4;
  const place = { buffer: total, offset: layout.bytes + CHECK_OFFSET, size: 16 };
  const check = await makeCheck(gpu, scope, weights.buffer, count, place);
  const { averageDecay } = config;
  const average = averageDecay ? await WeightAverage.create(gpu, scope, weights, averageDecay) : undefined;
  const result = scaled ? scope.buffer('overflow', 16) : undefined;
  const overflow = result && { check: await makeCheck(gpu, scope, total, count, result), result };
  return { scope, weights, step, gradient, sum, adam, average, check, overflow };
}
