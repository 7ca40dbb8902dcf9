/**
 * One training step on the device: bytes in, loss out. It knows how to split a batch that is too large for the device,
 * and nothing of files, epochs or networks.
 */
import { compile } from '../graph/compile.ts';
import type { Executable } from '../graph/executable.ts';
import { gradients } from '../graph/gradient.ts';
import { type Node, reachable } from '../graph/node.ts';
import { chroma, coverage, type Lightness, lightness } from '../graph/ops/image.ts';
import { input, nameOf, parameterOp } from '../graph/ops/input.ts';
import { mse } from '../graph/ops/mse.ts';
import { ParameterLayout, ParameterSlab, type Tensors } from '../graph/parameters.ts';
import { accumulate } from '../kernels/accumulate.ts';
import { fill } from '../kernels/fill.ts';
import { settlePrecision } from '../kernels/precision.ts';
import { recordOne } from '../kernels/record.ts';
import type { Winners } from '../kernels/tuning.ts';
import { ShapeError } from '../runtime/errors.ts';
import type { Gpu } from '../runtime/gpu.ts';
import type { Program } from '../runtime/program.ts';
import { Adam, type AdamOptions } from './adam.ts';
import { type Batch, sourceSize } from './batch.ts';
import { type FiniteCheck, freeCheck, makeCheck } from './finite_check.ts';
import { INITIAL_LOSS_SCALE, isExhausted, type LossScaleState, nextLossScale } from './loss_scale.ts';

/** Builds a network from lightness [N, H, W, 1] and, where the width is not 0, an embedding [N, 1, 1, width]. */
export type NetworkBuilder = (lightness: Node, embedding?: Node) => Node;

export interface TrainerConfig {
  /** Pictures a step. */
  readonly batch: number;
  /** Pictures that go through the network together; divides `batch`. Their gradients are added up. */
  readonly microBatch: number;
  /** Pixels a side. */
  readonly size: number;
  readonly lightness: Lightness;
  /** What the pictures' chroma is multiplied by. */
  readonly chromaGain: number;
  /** Whether padding (alpha 0) is left out of the loss. */
  readonly masked: boolean;
  readonly embeddingWidth: number;
  readonly adam: AdamOptions;
}

export class Trainer {
  readonly config: TrainerConfig;
  readonly weights: ParameterSlab;
  readonly adam: Adam;
  readonly #gpu: Gpu;
  readonly #step: Executable;
  readonly #gradient: ParameterSlab;
  readonly #check: FiniteCheck;
  /** Gradients and loss of all micro-batches, added up; absent when there is one. */
  readonly #sum: { buffer: GPUBuffer; clear: Program; add: Program } | undefined;
  /** Whether the gradients are finite; absent in float32, which needs no loss scaling. */
  readonly #overflow: { readonly check: FiniteCheck; readonly result: GPUBuffer } | undefined;
  #lossScale = INITIAL_LOSS_SCALE;
  #destroyed = false;
  /** Until it is known whether the last step's gradients are finite, the next one's scale is not known either. */
  #decided: Promise<unknown> = Promise.resolve();

  private constructor(
    gpu: Gpu,
    config: TrainerConfig,
    weights: ParameterSlab,
    parts: {
      step: Executable;
      gradient: ParameterSlab;
      sum: { buffer: GPUBuffer; clear: Program; add: Program } | undefined;
      adam: Adam;
      check: FiniteCheck;
      overflow: { check: FiniteCheck; result: GPUBuffer } | undefined;
    },
  ) {
    this.#gpu = gpu;
    this.config = config;
    this.weights = weights;
    this.#step = parts.step;
    this.#gradient = parts.gradient;
    this.#sum = parts.sum;
    this.adam = parts.adam;
    this.#check = parts.check;
    this.#overflow = parts.overflow;
  }

  /** Compiles the step. The weights are zero until they are written. */
  static async create(gpu: Gpu, config: TrainerConfig, network: NetworkBuilder): Promise<Trainer> {
    const parts = config.batch / config.microBatch;
    if (!Number.isInteger(parts)) {
      throw new ShapeError(`train: expected a micro-batch that divides ${config.batch}, got ${config.microBatch}`);
    }
    await settlePrecision(gpu);
    const scaled = gpu.proven.precision === 'f16';
    const { loss } = lossGraph(config, network);
    const layout = new ParameterLayout(reachable([loss]));
    const weights = new ParameterSlab(gpu, 'weights', layout);
    // The loss lies behind the gradients, so that one dispatch adds up both.
    const gradient = new ParameterSlab(gpu, 'gradient', layout, CHECK_OFFSET + 16);
    const step = await compile(gpu, {
      label: 'training step',
      parameters: weights,
      ...gradientOutputs(loss, gradient, scaled ? input(LOSS_SCALE, loss.shape) : undefined),
    });
    const sum = parts === 1 ? undefined : await makeSum(gpu, gradient.buffer);
    const adam = await Adam.create(gpu, weights, sum?.buffer ?? gradient.buffer, parts, config.adam);
    const place = { buffer: sum?.buffer ?? gradient.buffer, offset: layout.bytes + CHECK_OFFSET, size: 16 };
    const check = await makeCheck(gpu, weights.buffer, layout.bytes / 4, place);
    const overflow = scaled
      ? await makeOverflowCheck(gpu, sum?.buffer ?? gradient.buffer, layout.bytes / 4)
      : undefined;
    return new Trainer(gpu, config, weights, { step, gradient, sum, adam, check, overflow });
  }

  /**
   * Submits step `step` (1 for the first) and returns its loss once the device is done; NaN too when a weight is no
   * longer finite after it. With float16, a step whose gradients are not finite leaves the weights as they are.
   *
   * Steps may be submitted before the loss of the last one has arrived; they run in order.
   */
  async step(batch: Batch, step: number, learningRate: number): Promise<number> {
    const parts = this.#feeds(batch);
    if (this.#overflow) {
      const { check, result } = this.#overflow;
      const turn = this.#decided.then(() => this.#scaledStep(parts, step, learningRate, check, result));
      this.#decided = turn.catch(() => undefined);
      return (await turn).loss;
    }
    this.adam.prepare(step, learningRate);
    this.#submit(parts, this.adam.program, this.#check.program);
    return this.#loss(parts.length);
  }

  /** Submits the step that was asked for, once the one before has told its scale; wrapped, as the loss comes later. */
  async #scaledStep(
    parts: readonly (() => void)[],
    step: number,
    learningRate: number,
    check: FiniteCheck,
    result: GPUBuffer,
  ): Promise<{ readonly loss: Promise<number> }> {
    const abandoned = { loss: Promise.resolve(Number.NaN) };
    if (this.#destroyed) return abandoned;
    const { scale, skipped } = this.#lossScale;
    this.#step.feed(LOSS_SCALE, Float32Array.of(scale));
    this.#submit(parts, check.program);
    const [difference] = await this.#gpu.readFloats(result, 1);
    if (this.#destroyed) return abandoned;
    const finite = difference === 0;
    if (finite) {
      this.adam.prepare(step - skipped, learningRate, scale);
      this.#gpu.submit(this.adam.program, this.#check.program);
    } else if (isExhausted(this.#lossScale)) return abandoned;
    else this.#gpu.submit(this.#check.program);
    this.#lossScale = nextLossScale(this.#lossScale, finite);
    const loss = this.#loss(parts.length);
    loss.catch(() => undefined); // Whoever asked for the step hears of it.
    return { loss };
  }

  /** Submits the gradients of all parts, then the rest. */
  #submit(parts: readonly (() => void)[], ...then: Program[]): void {
    if (!this.#sum) {
      parts[0]!();
      this.#gpu.submit(this.#step.program, ...then);
      return;
    }
    this.#gpu.submit(this.#sum.clear);
    for (const feed of parts) {
      feed();
      this.#gpu.submit(this.#step.program, this.#sum.add);
    }
    this.#gpu.submit(...then);
  }

  async #loss(parts: number): Promise<number> {
    const buffer = this.#sum?.buffer ?? this.#gradient.buffer;
    const tail = new Float32Array(await this.#gpu.read(buffer, CHECK_OFFSET + 4, this.weights.layout.bytes));
    return tail[0]! / parts + tail[CHECK_OFFSET / 4]!;
  }

  /** What the next step's loss is scaled by, with no step in flight; undefined in float32. */
  get lossScale(): LossScaleState | undefined {
    return this.#overflow && this.#lossScale;
  }

  /** What the tuner chose for a step; empty without a tuner. */
  get tuned(): Winners {
    return this.#step.tuned;
  }

  /** Writes weights, and the optimiser's moments and the loss scale where they are given. */
  load(
    weights: Tensors,
    moments?: { readonly m: Tensors; readonly v: Tensors },
    lossScale: LossScaleState = INITIAL_LOSS_SCALE,
  ): void {
    this.weights.write(weights);
    this.#lossScale = lossScale;
    if (!moments) return;
    this.adam.moments.m.write(moments.m);
    this.adam.moments.v.write(moments.v);
  }

  /** Frees everything. Steps that have not been submitted never are. */
  destroy(): void {
    this.#destroyed = true;
    this.#step.destroy();
    this.adam.destroy();
    freeCheck(this.#gpu, this.#check);
    if (this.#overflow) {
      freeCheck(this.#gpu, this.#overflow.check);
      this.#gpu.free(this.#overflow.result);
    }
    this.weights.free();
    this.#gradient.free();
    if (!this.#sum) return;
    this.#gpu.free(this.#sum.buffer);
    this.#sum.clear.destroy();
    this.#sum.add.destroy();
  }

  /** One function for each micro-batch, which writes its part of the batch. */
  #feeds({ pixels, windows, embeddings }: Batch): (() => void)[] {
    const { batch, microBatch, embeddingWidth } = this.config;
    expectEmbeddings(embeddings, batch, embeddingWidth);
    const part = <A extends { length: number; subarray(start: number, end: number): A }>(all: A, i: number): A => {
      const length = (all.length / batch) * microBatch;
      return all.subarray(i * length, (i + 1) * length);
    };
    return Array.from({ length: batch / microBatch }, (_, i) => () => {
      this.#step.feed('pixels', part(pixels, i));
      this.#step.feed('windows', part(windows, i));
      if (embeddingWidth) this.#step.feed('embedding', part(embeddings, i));
    });
  }
}

/** @throws ShapeError unless there is an embedding of `width` values for each picture. */
export function expectEmbeddings(embeddings: Float32Array, pictures: number, width: number): void {
  if (embeddings.length === pictures * width) return;
  throw new ShapeError(
    `train: expected ${pictures} embeddings of ${width} values, got ${embeddings.length} values in all`,
  );
}

/** The loss of one micro-batch, what the network saw, what it answered, and what it should have. */
export function lossGraph(config: TrainerConfig, network: NetworkBuilder) {
  const { microBatch, size, embeddingWidth } = config;
  const source = sourceSize(size);
  const crop = { height: size, width: size };
  const pixels = input('pixels', [microBatch, source, source]);
  const windows = input('windows', [microBatch, 4]);
  const embedding = embeddingWidth ? input('embedding', [microBatch, 1, 1, embeddingWidth]) : undefined;
  const seen = lightness(pixels, windows, { ...crop, source: config.lightness });
  const answer = network(seen, embedding);
  const target = chroma(pixels, windows, { ...crop, gain: config.chromaGain });
  const loss = mse(answer, target, config.masked ? coverage(pixels, windows, crop) : undefined);
  return { loss, seen, answer, target };
}

/** Bytes from the loss to the check's result: WebGPU's alignment for a binding's offset. */
const CHECK_OFFSET = 256;

/** The name of the input that the loss is multiplied by before it is differentiated. */
const LOSS_SCALE = 'loss scale';

function gradientOutputs(loss: Node, gradient: ParameterSlab, scale: Node | undefined) {
  const parameters = reachable([loss]).filter((node) => node.op === parameterOp);
  const grads = gradients(loss, parameters, scale);
  const outputs = Object.fromEntries(parameters.map((node, i) => [nameOf(node), grads[i]!]));
  const into = Object.fromEntries(parameters.map((node) => [nameOf(node), gradient.binding(nameOf(node))]));
  const lossPlace = { buffer: gradient.buffer, offset: gradient.layout.bytes, size: 16 };
  return { outputs: { ...outputs, loss }, into: { ...into, loss: lossPlace } };
}

async function makeOverflowCheck(gpu: Gpu, gradient: GPUBuffer, count: number) {
  const result = gpu.buffer('overflow', 16);
  return { check: await makeCheck(gpu, gradient, count, result), result };
}

async function makeSum(gpu: Gpu, gradient: GPUBuffer) {
  const buffer = gpu.buffer('gradient sum', gradient.size);
  const count = gradient.size / 4;
  return {
    buffer,
    clear: await recordOne(gpu, fill, { y: buffer }, { count, value: 0 }),
    add: await recordOne(gpu, accumulate, { x: gradient, acc: buffer }, { count }),
  };
}
