/**
 * The feature extractor: a picture classifier from an ONNX file, frozen, whose answer to a grey picture steers the colors.
 *
 * A picture's BT.601 luma (transparent pixels laid over white) is resized whole to S x S, whatever its aspect ratio, and
 * fed three times, scaled to −1…1 by default: x / 127.5 − 1. All of this runs on the device.
 */
import { compile } from '../graph/compile.ts';
import type { Executable } from '../graph/executable.ts';
import { type Node, sizeOf } from '../graph/node.ts';
import { input } from '../graph/ops/core/input.ts';
import { reshape } from '../graph/ops/movement/reshape.ts';
import { channelsOf, type Picture } from '../image/raster/picture.ts';
import { resizeGrey } from '../image/raster/resize.ts';
import { toRgba8 } from '../image/raster/rgba8.ts';
import { emitInto, type KernelCall } from '../kernels/core/emit.ts';
import { type Binding, record, traitsOf } from '../kernels/core/record.ts';
import { expectGpu, expectOptions, expectSource } from '../runtime/arguments.ts';
import { asyncDispose, type Closable } from '../runtime/dispose.ts';
import { closedError, DeviceError, FormatError } from '../runtime/errors.ts';
import type { Gpu } from '../runtime/gpu.ts';
import { Scope } from '../runtime/scope.ts';
import { type EmbeddingKind, expectExtractor, type VectorInfo } from './embedding.ts';
import type { ClassifierInput } from './find_embedding.ts';

/** An ONNX file: its bytes, or where it is (path in Node, URL). */
export type ExtractorSource = Uint8Array | string | URL;

/** How a classifier is asked. The defaults are right for Inception-ResNet-v2. */
export interface ExtractorOptions {
  /** The value of the file that is used; default its only output. */
  readonly output?: string | undefined;
  /** Pixels a side of its input; default what the file declares, else 299. */
  readonly size?: number | undefined;
  /** What it is fed with for black and for white; default −1 and 1. */
  readonly range?: readonly [black: number, white: number] | undefined;
  /** Default `logits`: from an output behind a softmax, what the softmax reads. */
  readonly kind?: EmbeddingKind | undefined;
}

const OPTIONS = ['output', 'size', 'range', 'kind'] as const satisfies (keyof ExtractorOptions)[];

/** The size Inception networks were trained at. */
const DEFAULT_SIZE = 299;
/** A longer embedding is rather a feature map. */
const LONGEST = 2 ** 16;
/** Larger pictures are resized on the CPU. */
const MOST_UPLOADED = 2 ** 28;

/** Turns pictures into embeddings. Calls may overlap; they run one after the other. */
export class Extractor implements Closable {
  readonly description: VectorInfo;
  readonly #gpu: Gpu;
  readonly #input: ClassifierInput;
  /** Until it is compiled: it holds the file's bytes. */
  #feature: Node | undefined;
  #network: Executable | undefined;
  #last: Promise<unknown> = Promise.resolve();
  #closed = false;

  private constructor(gpu: Gpu, description: VectorInfo, input: ClassifierInput, feature: Node) {
    this.#gpu = gpu;
    this.description = description;
    this.#input = input;
    this.#feature = feature;
  }

  /**
   * Reads a classifier's file. Nothing is put on the device before the first picture.
   *
   * @param trained the extractor that weights were trained with: gives what `options` leave out, and must be this one
   * @throws FormatError for a file that is damaged, is no classifier, or is not the one trained with.
   */
  static async open(
    gpu: Gpu,
    source: ExtractorSource,
    options: ExtractorOptions = {},
    trained?: VectorInfo,
  ): Promise<Extractor> {
    expectGpu('Extractor.open', gpu);
    expectSource('Extractor.open', source);
    expectOptions('Extractor.open', options, OPTIONS);
    // Loaded on demand: who colors without an extractor needs no decoder.
    const [
      { readOnnx, selectOutputs },
      { checkOperators, importGraph },
      { softmax },
      { chooseFeature, classifierInput },
    ] = await Promise.all([
      import('../onnx/read.ts'),
      import('../onnx/import.ts'),
      import('../graph/ops/reduction/softmax.ts'),
      import('./find_embedding.ts'),
    ]);
    const file = await readOnnx(source);
    const { name, sha256 } = file;
    if (trained && sha256 !== trained.sha256) {
      throw new FormatError({
        where: name,
        expected: `the file of the training, with SHA-256 ${trained.sha256}`,
        got: sha256,
        hint: 'use that file',
      });
    }
    const { kind = trained?.kind ?? 'logits', range = trained?.range ?? [-1, 1] } = options;
    const wanted = options.output ?? trained?.output;
    const known = wanted === undefined ? file.graph : selectOutputs(file.graph, [wanted]);
    const feature = chooseFeature(name, known, kind, wanted, wanted !== undefined && wanted === trained?.output);
    const graph = selectOutputs(file.graph, [feature.output]);
    const taken = classifierInput(name, graph);
    const size = options.size ?? taken.size ?? trained?.size ?? DEFAULT_SIZE;
    if (taken.size !== undefined && size !== taken.size) {
      throw new FormatError({
        where: name,
        expected: `the size that it declares, ${taken.size}`,
        got: size,
        hint: 'leave it out',
      });
    }
    const shape = taken.layout === 'nchw' ? [1, 3, size, size] : [1, size, size, 3];
    checkOperators(file, graph);
    const imported = importGraph(file, graph, { [taken.name]: input(taken.name, shape) })[feature.output]!;
    if (!/float/.test(imported.type)) {
      throw new FormatError({
        where: name,
        expected: `'${feature.output}' as floating-point numbers`,
        got: imported.type,
        hint: 'name another output',
      });
    }
    const width = sizeOf(imported.shape);
    if (width > LONGEST) {
      throw new FormatError({
        where: name,
        expected: `a vector of at most ${LONGEST} values`,
        got: `'${feature.output}' of shape [${imported.shape.join(', ')}]`,
        hint: 'name another output',
      });
    }
    const flat = reshape(imported.node, [1, width]);
    const info: VectorInfo = { kind, output: feature.output, width, sha256, size, range };
    if (trained) expectExtractor(name, info, trained);
    return new Extractor(gpu, info, taken, feature.softmax ? softmax(flat, 1) : flat);
  }

  /** Numbers in an embedding. */
  get width(): number {
    return this.description.width;
  }

  /** The name of the value that is used. */
  get output(): string {
    return this.description.output;
  }

  /** Of the file, in hexadecimal. */
  get sha256(): string {
    return this.description.sha256;
  }

  /**
   * Computes a picture's embedding, or that of its mirror image.
   *
   * @param picture 1 to 4 channels; 16 bits a component are rounded to 8
   * @returns [width]
   * @throws ShapeError for data that does not fit the size, ArgumentError for what is no picture; DeviceError when the device
   *   fails, or the extractor is closed.
   */
  async embed(picture: Picture, options: { readonly mirror?: boolean } = {}): Promise<Float32Array<ArrayBuffer>> {
    this.#check();
    expectOptions('feature extractor', options, ['mirror']);
    channelsOf('feature extractor', picture);
    const { mirror = false } = options;
    const turn = this.#last.then(async () => {
      this.#network ??= await this.#compile();
      const embedding = await this.#run(this.#network, picture, mirror);
      if (!embedding.every(Number.isFinite)) {
        throw new DeviceError({
          where: 'feature extractor',
          expected: 'finite numbers',
          got: `NaN or infinity from ${this.#gpu.name}`,
          hint: 'are its weights whole?',
        });
      }
      return embedding;
    });
    this.#last = turn.catch(() => undefined);
    return turn;
  }

  /** Frees the network's memory, after what was asked before. The device stays open. Safe to call twice. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#last;
    this.#network?.close();
    this.#network = undefined;
    this.#feature = undefined;
  }

  async [asyncDispose](): Promise<void> {
    await this.close();
  }

  #check(): void {
    if (this.#closed) throw closedError('feature extractor', 'open it again');
  }

  async #compile(): Promise<Executable> {
    const feature = this.#feature!;
    const network = await compile(this.#gpu, { label: 'feature extractor', outputs: { feature } });
    this.#feature = undefined;
    return network;
  }

  async #run(network: Executable, picture: Picture, mirror: boolean): Promise<Float32Array<ArrayBuffer>> {
    const { width, height } = picture;
    const { size, range } = this.description;
    const { name, layout } = this.#input;
    const { maxStorageBufferBindingSize, maxBufferSize } = this.#gpu.device.limits;
    // Loaded on demand, as the decoder is.
    const { emitExtractorInput, fitsExtractorInput } = await import('../kernels/image/extractor_input.ts');
    const most = Math.min(maxStorageBufferBindingSize, maxBufferSize, MOST_UPLOADED);
    if (width * Math.max(height, size) * 4 > most || !fitsExtractorInput(width, height, size)) {
      network.feed(name, inputOnHost(picture, mirror, this.description, layout));
      network.run();
      return network.read('feature');
    }
    const { data } = toRgba8(picture);
    const scope = new Scope(this.#gpu);
    const buffer = (elements: number) => scope.buffer('feature extractor input', elements * 4);
    const calls: KernelCall<Binding>[] = [];
    try {
      const pixels = buffer(width * height);
      const params = { width, height, size, mirror, range, layout };
      emitExtractorInput(emitInto(calls, traitsOf(this.#gpu), buffer), { pixels, y: network.input(name) }, params);
      const preparation = scope.own(await record(this.#gpu, 'feature extractor input', calls));
      this.#gpu.write(pixels, data as Uint8Array<ArrayBuffer>);
      this.#gpu.submit(preparation, network.program);
      return await network.read('feature');
    } finally {
      scope.close();
    }
  }
}

/** The same as the kernels, for pictures that are too large for the device. */
function inputOnHost(
  picture: Picture,
  mirror: boolean,
  { size, range: [black, white] }: VectorInfo,
  layout: ClassifierInput['layout'],
): Float32Array<ArrayBuffer> {
  const grey = resizeGrey(picture, { width: size, height: size }).data;
  const values = new Float32Array(3 * size * size);
  for (let pixel = 0; pixel < size * size; pixel++) {
    const x = pixel % size;
    const value = black + ((white - black) * grey[mirror ? pixel - x + size - 1 - x : pixel]!) / 255;
    for (let c = 0; c < 3; c++) values[layout === 'nhwc' ? 3 * pixel + c : c * size * size + pixel] = value;
  }
  return values;
}
