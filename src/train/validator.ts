/** Validation on pictures kept from training: mean squared error, with trivial baselines, and sample pictures. */
import { compile } from '../graph/compile.ts';
import type { Executable } from '../graph/executable.ts';
import type { Shape } from '../graph/node.ts';
import { recordOne } from '../kernels/core/record.ts';
import { labToRgba } from '../kernels/image/lab_to_rgba.ts';
import { asyncDispose, type Closable } from '../runtime/dispose.ts';
import type { Gpu } from '../runtime/gpu.ts';
import type { Program } from '../runtime/program.ts';
import { Scope } from '../runtime/scope.ts';
import { assembleBatch, type Batch, type Dataset, type DecodedPicture } from './data/batch.ts';
import { centered } from './data/sampler.ts';
import { expectFeatures, featureName, lossGraph, type NetworkBuilder } from './loss.ts';
import type { Trainer } from './trainer.ts';

/** Mean squared errors of (a*, b*) / 127, over all pictures, pixels and both channels. */
export interface Score {
  readonly mse: number;
  /** Of the answer that everything is grey. */
  readonly grey: number;
  /** Of the best answer that is one color everywhere. */
  readonly meanColor: number;
  /** The number of pictures. */
  readonly count: number;
}

/** One picture three times, each of the training size. */
export interface SampleRow {
  /** What the network saw. */
  readonly grey: DecodedPicture;
  readonly output: DecodedPicture;
  readonly truth: DecodedPicture;
}

/** A program that makes a picture of the network's answer, or of no color at all, and where it lies. */
interface Renderer {
  readonly program: Program;
  readonly rgba: GPUBuffer;
}

/** Runs the weights of a trainer forward (averaged where it has an average), on the centers of pictures. */
export class Validator implements Closable {
  readonly #gpu: Gpu;
  readonly #dataset: Dataset;
  readonly #size: number;
  /** Of each picture. */
  readonly #features: readonly Shape[];
  /** Pictures that go through the network together. */
  readonly #together: number;
  readonly #forward: Executable;
  readonly renderers: { readonly grey: Renderer; readonly output: Renderer };
  readonly #scope: Scope;

  private constructor(
    gpu: Gpu,
    dataset: Dataset,
    config: { size: number; together: number; features: readonly Shape[] },
    forward: Executable,
    painters: { grey: Renderer; output: Renderer },
    scope: Scope,
  ) {
    this.#gpu = gpu;
    this.#dataset = dataset;
    this.#size = config.size;
    this.#features = config.features;
    this.#together = config.together;
    this.#forward = forward;
    this.renderers = painters;
    this.#scope = scope;
  }

  /** Compiles the network for `dataset`. The weights stay the trainer's. */
  static create(gpu: Gpu, trainer: Trainer, network: NetworkBuilder, dataset: Dataset): Promise<Validator> {
    return Scope.build(gpu, (scope) => Validator.#make(gpu, trainer, network, dataset, scope));
  }

  static async #make(
    gpu: Gpu,
    trainer: Trainer,
    network: NetworkBuilder,
    dataset: Dataset,
    scope: Scope,
  ): Promise<Validator> {
    const { size, features = [], cell } = trainer.config;
    const together = Math.min(trainer.config.microBatch, dataset.length);
    // Whatever is trained on, the score is of grey pictures and against the colors as they are.
    const plain = { lightness: 'luma', chromaScale: 1, masked: false } as const;
    const { seen, answer, target } = lossGraph({ ...plain, size, features, cell, microBatch: together }, network);
    const outputs = { seen, answer, target };
    const forward = scope.own(await compile(gpu, { label: 'validation', parameters: trainer.best, outputs }));
    const count = together * size * size;
    const noChroma = scope.buffer('no chroma', count * 8);
    const painter = async (name: string, chroma: GPUBuffer | GPUBufferBinding): Promise<Renderer> => {
      const rgba = scope.buffer(name, count * 4);
      const buffers = { lightness: forward.output('seen'), chroma, y: rgba };
      return { program: scope.own(await recordOne(gpu, labToRgba, buffers, { count })), rgba };
    };
    const painters = {
      grey: await painter('grey pictures', noChroma),
      output: await painter('colored pictures', forward.output('answer')),
    };
    return new Validator(gpu, dataset, { size, together, features }, forward, painters, scope);
  }

  /** Scores the weights as they are now. */
  async score(): Promise<Score> {
    let error = 0;
    let square = 0;
    const sum: [number, number] = [0, 0];
    const values = this.#size * this.#size * 2;
    for (let first = 0; first < this.#dataset.length; first += this.#together) {
      const used = await this.#run(first);
      const [answer, target] = await Promise.all([this.#forward.read('answer'), this.#forward.read('target')]);
      for (let i = 0; i < used * values; i++) {
        const truth = target[i]!;
        error += (answer[i]! - truth) ** 2;
        square += truth ** 2;
        sum[i % 2]! += truth;
      }
    }
    const count = this.#dataset.length;
    const n = count * values;
    const ofMean = sum.reduce((total, channel) => total + 2 * (channel / n) ** 2, 0);
    return { mse: error / n, grey: square / n, meanColor: square / n - ofMean, count };
  }

  /** The first `count` pictures: as the network sees them, as it colors them, and as they are. */
  async compare(count: number): Promise<SampleRow[]> {
    const comparisons: SampleRow[] = [];
    const pixels = this.#size * this.#size;
    const last = Math.min(count, this.#dataset.length);
    for (let first = 0; first < last; first += this.#together) {
      const batch = await this.#batch(first);
      await this.#run(first, batch);
      const { grey, output } = this.renderers;
      this.#gpu.submit(grey.program, output.program);
      const [greys, outputs] = await Promise.all([this.#gpu.read(grey.rgba), this.#gpu.read(output.rgba)]);
      for (let i = 0; i < Math.min(this.#together, last - first); i++) {
        const square = (data: Uint8Array): DecodedPicture => ({ data, width: this.#size, height: this.#size });
        const part = (all: ArrayBuffer) => square(new Uint8Array(all, i * pixels * 4, pixels * 4));
        comparisons.push({
          grey: part(greys),
          output: part(outputs),
          truth: square(cropOf(batch, i, this.#together, this.#size)),
        });
      }
    }
    return comparisons;
  }

  /** Frees everything. The trainer stays. Safe to call twice. */
  close(): void {
    this.#scope.close();
  }

  async [asyncDispose](): Promise<void> {
    this.close();
  }

  /** Runs the pictures from `first` on, and says how many there are; the rest of the last batch repeats its last one. */
  async #run(first: number, batch?: Batch): Promise<number> {
    const { pixels, crops, features } = batch ?? (await this.#batch(first));
    expectFeatures(features, this.#together, this.#features);
    this.#forward.feed('pixels', pixels);
    this.#forward.feed('crops', crops);
    features.forEach((feature, kind) => {
      this.#forward.feed(featureName(kind), feature);
    });
    this.#forward.run();
    return Math.min(this.#together, this.#dataset.length - first);
  }

  #batch(first: number): Promise<Batch> {
    const last = this.#dataset.length - 1;
    const samples = Array.from({ length: this.#together }, (_, i) => centered(Math.min(first + i, last)));
    return assembleBatch(this.#dataset, samples, this.#size);
  }
}

/** The pixels of picture `i` that the network was fed with. */
function cropOf({ pixels, crops }: Batch, i: number, pictures: number, size: number): Uint8Array {
  const source = Math.sqrt(pixels.length / pictures);
  const [top, left] = crops.subarray(i * 4);
  const crop = new Uint32Array(size * size);
  for (let y = 0; y < size; y++) {
    const from = i * source * source + (top! + y) * source + left!;
    crop.set(pixels.subarray(from, from + size), y * size);
  }
  return new Uint8Array(crop.buffer);
}
