/** The colorizer: a device, the network with its weights, and the way of a picture through both. */
import { compile } from '../graph/compile.ts';
import type { Executable } from '../graph/executable.ts';
import { input } from '../graph/ops/input.ts';
import { ParameterSlab } from '../graph/parameters.ts';
import { type BorderOption, borderOf, crop, innerOf } from '../image/border.ts';
import { type ApplyChromaOptions, applyChroma, type Chroma, type Coloured } from '../image/chroma.ts';
import { greyToNetwork } from '../image/lab.ts';
import type { Picture, Pixels } from '../image/picture.ts';
import { chromaOf, type RenderPlane, renderGrey } from '../image/render.ts';
import { meanOfViews, QUALITIES, type Quality, VIEWS } from '../image/views.ts';
import { DeviceError, FormatError, ShapeError } from '../runtime/errors.ts';
import { Gpu, type GpuOptions } from '../runtime/gpu.ts';
import { loadBytes } from '../runtime/load.ts';
import { describeExtractor } from './embedding.ts';
import { Extractor, type ExtractorOptions, type ExtractorSource } from './extractor.ts';
import { layoutOf } from './layout.ts';
import type { MapExtractor } from './maps.ts';
import { colorizationNetwork, featureShapes, sizeMultiple } from './network.ts';
import { decodeWeights, type Weights } from './weights.ts';

export interface ColorizerOptions extends GpuOptions {
  /** A device to use; default a new one, which `close` frees. */
  readonly gpu?: Gpu;
  /** A weights file: its bytes, or where it is (path in Node, URL). Default the weights that come with the package. */
  readonly weights?: Uint8Array | URL | string;
  /**
   * The ONNX file of the classifier whose feature maps the weights were trained with; default the one that comes with the
   * package. Which maps are taken is in the weights.
   */
  readonly extractor?: ExtractorSource;
  /**
   * The ONNX file of the classifier whose vector the weights were trained with. How it is asked is in the weights; what
   * is said here beside `source` must be the same.
   */
  readonly inception?: ExtractorSource | (ExtractorOptions & { readonly source: ExtractorSource });
}

export interface ColorizeOptions extends ApplyChromaOptions {
  /** Pixels of the shorter side at which the picture goes through the network. Default: the size it was trained at. */
  readonly renderSize?: number;
  /** `fast` (default): one look at the picture. `best`: the mean of four, at two sizes and mirrored, for six times the work. */
  readonly quality?: Quality;
  /**
   * Which border stays neutral and is kept from the network: `auto` (default), what is found of frames, margins and
   * mounts; `none`; or a width on every side, in pixels or, as `'5%'`, in percent of the shorter side.
   */
  readonly border?: BorderOption;
}

/**
 * Where the weights are that come with the package: two folders up, both from src/model/ and from dist/chunks/, where the
 * build puts what its programs share.
 */
export const DEFAULT_WEIGHTS = new URL('../../weights/koalarize.safetensors', import.meta.url);
/** The classifier that they were trained with. */
export const DEFAULT_EXTRACTOR = new URL('../../weights/efficientnet-lite0.onnx', import.meta.url);
/** Compiled networks that are kept, one for each size. */
const KEPT_SIZES = 4;

/** What the weights were trained with: at most one of the two. */
interface Extractors {
  readonly maps?: MapExtractor;
  readonly vector?: Extractor;
}

/** Colours pictures. Calls may overlap; they run one after the other. */
export class Colorizer {
  readonly gpu: Gpu;
  readonly weights: Weights;
  readonly #slab: ParameterSlab;
  readonly #ownsGpu: boolean;
  readonly #extractors: Extractors;
  /** By size, the one that was used last at the end. */
  readonly #networks = new Map<string, Executable>();
  #last: Promise<unknown> = Promise.resolve();

  private constructor(gpu: Gpu, ownsGpu: boolean, weights: Weights, slab: ParameterSlab, extractors: Extractors) {
    this.gpu = gpu;
    this.#extractors = extractors;
    this.weights = weights;
    this.#slab = slab;
    this.#ownsGpu = ownsGpu;
  }

  /**
   * Opens a device and loads the weights.
   *
   * @throws DeviceError without a device; FormatError for weights that are missing, damaged or of another kind, or for
   * an extractor that is missing, not needed, or not the one of the training.
   */
  static async load(options: ColorizerOptions = {}): Promise<Colorizer> {
    const source = options.weights ?? DEFAULT_WEIGHTS;
    const name = source instanceof Uint8Array ? 'weights' : String(source);
    const weights = decodeWeights(source instanceof Uint8Array ? source : await loadBytes(source), name);
    checkExtractorGiven(name, weights, options);
    const gpu = options.gpu ?? (await Gpu.open(options));
    try {
      const extractors = await openExtractor(gpu, weights, options);
      const slab = new ParameterSlab(gpu, 'weights', layoutOf(weights.network));
      slab.write(weights.tensors);
      return new Colorizer(gpu, !options.gpu, weights, slab, extractors);
    } catch (error) {
      if (!options.gpu) await gpu.close();
      throw error;
    }
  }

  /**
   * Colours a picture: same size and depth, its own lightness, the network's colours. Nothing of a colour picture's own
   * colours is used.
   *
   * @param picture RGBA, 8 or 16 bits a component
   * @throws ShapeError for data that does not fit the size or options out of range; DeviceError when the device fails.
   */
  async colorize<T extends Pixels>(picture: Picture<T>, options: ColorizeOptions = {}): Promise<Coloured<T>> {
    return applyChroma(picture, await this.chroma(picture, options), options);
  }

  /**
   * Asks the network: a* and b* at half the size at which it ran (its own resolution), the grey it was asked about, and the
   * border that it was not shown.
   * `applyChroma` puts them on the picture, at any strength, as often as wanted.
   */
  async chroma(
    picture: Picture,
    options: Pick<ColorizeOptions, 'renderSize' | 'quality' | 'border'> = {},
  ): Promise<Chroma> {
    const { renderSize = this.weights.size, quality = 'fast' } = options;
    const views = VIEWS[quality];
    if (!views) {
      throw new ShapeError(`colorize: expected quality ${QUALITIES.join(' or ')}, got '${quality}'`);
    }
    const { network, embedding } = this.weights;
    const grey = { multiple: sizeMultiple(network), scale: embedding?.kind === 'maps' ? embedding.scale : 1 };
    const border = borderOf(picture, options.border);
    const inner = border ? crop(picture, innerOf(border, picture)) : picture;
    const seen = [];
    for (const { scale, mirror } of views) {
      const plane = renderGrey(inner, sizeOfView(renderSize, scale), { ...grey, mirror });
      seen.push({ ...(await this.#answer(plane, inner, mirror)), mirror });
    }
    return { ...meanOfViews(seen), ...(border && { border }) };
  }

  /** The network's answer to a plane, after all that was asked before. */
  #answer(plane: RenderPlane, picture: Picture, mirror: boolean): Promise<Chroma> {
    const { maps, vector } = this.#extractors;
    const turn = this.#last.then(async () => {
      const network = await this.#networkFor(plane.height, plane.width);
      network.feed('lightness', greyToNetwork(plane.data) as Float32Array<ArrayBuffer>);
      if (maps) network.feed('grey', maps.feed(plane.fine.data));
      if (vector) network.feed('embedding', await vector.embed(picture, { mirror }));
      network.run();
      const answer = await network.read('chroma');
      if (!answer.every(Number.isFinite)) {
        throw new DeviceError(
          `colorize: expected finite colours, got NaN or infinity from ${this.gpu.name} – are the weights whole?`,
        );
      }
      return chromaOf(answer, plane);
    });
    this.#last = turn.catch(() => undefined);
    return turn;
  }

  /** Frees the network's memory, and the device unless it was given. */
  async close(): Promise<void> {
    await this.#last;
    for (const network of this.#networks.values()) network.destroy();
    this.#networks.clear();
    this.#slab.free();
    await this.#extractors.maps?.close();
    await this.#extractors.vector?.close();
    if (this.#ownsGpu) await this.gpu.close();
  }

  async #networkFor(height: number, width: number): Promise<Executable> {
    const key = `${height}x${width}`;
    const known = this.#networks.get(key);
    this.#networks.delete(key);
    const network = known ?? (await this.#compile(height, width));
    this.#networks.set(key, network);
    for (const [oldest, executable] of this.#networks) {
      if (this.#networks.size <= KEPT_SIZES) break;
      executable.destroy();
      this.#networks.delete(oldest);
    }
    return network;
  }

  #compile(height: number, width: number): Promise<Executable> {
    const { network } = this.weights;
    const lightness = input('lightness', [1, height, width, 1]);
    const label = 'colorizer';
    const parameters = this.#slab;
    const { maps } = this.#extractors;
    if (maps) {
      // Extractor and network are one graph: the maps never leave the device.
      const { constants, description } = maps;
      const { scale } = description;
      const features = maps.build(input('grey', [1, height * scale, width * scale, 1]));
      const outputs = { chroma: colorizationNetwork(network, lightness, ...features) };
      return compile(this.gpu, { label, outputs, parameters, constants });
    }
    const features = featureShapes(network, [1, height, width]).map((shape) => input('embedding', shape));
    const outputs = { chroma: colorizationNetwork(network, lightness, ...features) };
    return compile(this.gpu, { label, outputs, parameters });
  }
}

/** The render size of a view: the same multiples of 8 as any. */
function sizeOfView(renderSize: number, scale: number): number {
  return scale === 1 ? renderSize : Math.round((renderSize * scale) / 8) * 8;
}

/** @throws FormatError for weights that need an extractor and get none, or get one and need none. */
function checkExtractorGiven(name: string, { embedding }: Weights, { inception, extractor }: ColorizerOptions): void {
  if (embedding && embedding.kind !== 'maps' && inception === undefined) {
    throw new FormatError(
      `${name}: expected the feature extractor of the training (${describeExtractor(embedding)}), got none – name its ONNX file (--inception)`,
    );
  }
  if (!embedding && (inception ?? extractor) !== undefined) {
    throw new FormatError(
      `${name}: expected no feature extractor, as these weights were trained without, got one – leave it out, or use weights that were trained with it`,
    );
  }
}

async function openExtractor(
  gpu: Gpu,
  { embedding }: Weights,
  { inception: given, extractor }: ColorizerOptions,
): Promise<Extractors> {
  const isSource = typeof given === 'string' || given instanceof Uint8Array || given instanceof URL;
  const { source, ...options } = isSource || !given ? { source: given } : given;
  if (embedding?.kind === 'maps') {
    // Loaded on demand, as everything is that reads ONNX: weights without an extractor need none of it.
    const { MapExtractor } = await import('./maps.ts');
    return { maps: await MapExtractor.open(gpu, extractor ?? source ?? DEFAULT_EXTRACTOR, undefined, embedding) };
  }
  if (!embedding || source === undefined) return {};
  return { vector: await Extractor.open(gpu, source, options, embedding) };
}
