/** The colorizer: a device, the network with its weights, and the way of a picture through both. */
import { compile } from '../graph/compile.ts';
import type { Executable } from '../graph/executable.ts';
import { input } from '../graph/ops/core/input.ts';
import { ParameterSlab } from '../graph/parameters.ts';
import { applyChromaInTurns, type Chroma, type Colored } from '../image/color/chroma.ts';
import { greyToNetwork } from '../image/color/lab.ts';
import { DEFAULT_SMOOTHING, smooth } from '../image/color/smooth.ts';
import { borderOf, within } from '../image/raster/border.ts';
import { channelsOf, type Origin, type Picture, type Pixels } from '../image/raster/picture.ts';
import { chromaOf, type RenderPlane, renderGrey } from '../image/raster/render.ts';
import { meanOfViews, QUALITIES, VIEWS } from '../image/raster/views.ts';
import { sha256 } from '../onnx/sha256.ts';
import { expectGpu, expectOptions, expectSource, isBytes } from '../runtime/arguments.ts';
import { asyncDispose, type Closable } from '../runtime/dispose.ts';
import { closedError, DeviceError, ShapeError } from '../runtime/errors.ts';
import { loadBytes } from '../runtime/fetch_bytes.ts';
import { Gpu } from '../runtime/gpu.ts';
import { RecentlyUsed } from '../runtime/recently_used.ts';
import { Scope } from '../runtime/scope.ts';
import { VERSION } from '../runtime/version.ts';
import { COLORIZE_OPTIONS, type ColorizeOptions, type ColorizerOptions, LOAD_OPTIONS } from './colorizer_options.ts';
import { layoutOf } from './layout.ts';
import { colorizationNetwork, featureShapes, sizeMultiple } from './network.ts';
import { defaultWeights } from './package_files.ts';
import { checkExtractorGiven, openExtractor, type TrainedExtractor } from './trained_extractor.ts';
import { decodeWeights, type Weights } from './weights.ts';

export type { ColorizeOptions, ColorizerOptions } from './colorizer_options.ts';

/** Compiled networks that are kept, one for each size. */
const KEPT_SIZES = 4;

/** What a colorizer has on the device, beside the networks. */
interface Held extends TrainedExtractor {
  readonly slab: ParameterSlab;
}

/** Colors pictures. Calls may overlap; they run one after the other. */
export class Colorizer implements Closable {
  readonly gpu: Gpu;
  readonly weights: Weights;
  /** What pictures that it colors carry, and files that are made of them say. */
  readonly origin: Origin;
  readonly #ownsGpu: boolean;
  readonly #held: Held;
  /** By size. */
  readonly #networks = new RecentlyUsed<Executable>(KEPT_SIZES);
  #last: Promise<unknown> = Promise.resolve();
  #closing: Promise<void> | undefined;

  private constructor(gpu: Gpu, ownsGpu: boolean, weights: Weights, origin: Origin, held: Held) {
    this.gpu = gpu;
    this.origin = origin;
    this.#held = held;
    this.weights = weights;
    this.#ownsGpu = ownsGpu;
  }

  /**
   * Opens a device and loads the weights.
   *
   * @throws DeviceError without a device; EnvironmentError for weights or an extractor that are missing; FormatError for weights
   * that are damaged or of another kind, or an extractor that is not needed, or not the one of the training; ArgumentError for options that do not exist.
   */
  static async load(options: ColorizerOptions = {}): Promise<Colorizer> {
    expectOptions('Colorizer.load', options, LOAD_OPTIONS);
    const { gpu: given, weights: source = defaultWeights(), extractor: _, inception: __, ...opening } = options;
    expectSource('Colorizer.load weights', source);
    if (given !== undefined) expectGpu('Colorizer.load', given);
    const name = isBytes(source) ? 'weights' : String(source);
    const file = isBytes(source) ? source : await loadBytes(source);
    const weights = decodeWeights(file, name);
    checkExtractorGiven(name, weights, options);
    const gpu = given ?? (await Gpu.open(opening));
    try {
      const held = await Scope.build(gpu, (scope) => hold(gpu, weights, options, scope));
      const origin = { program: `koalarize ${VERSION}`, weights: await sha256(file) };
      return new Colorizer(gpu, !given, weights, origin, held);
    } catch (error) {
      if (!given) await gpu.close();
      throw error;
    }
  }

  /**
   * Colors a picture: same size and depth, its own lightness, the network's colors. Nothing of a color picture's own
   * colors is used.
   *
   * @param picture RGBA, 8 or 16 bits a component
   * @throws ShapeError for data that does not fit the size or options out of range; ArgumentError for what is no picture, or
   *   options that do not exist; DeviceError when the device fails, or the colorizer is closed.
   */
  async colorize<T extends Pixels>(picture: Picture<T>, options: ColorizeOptions = {}): Promise<Colored<T>> {
    if (options.keepColor) {
      const { asRgba, hasColor } = await import('../image/color/has_color.ts');
      if (hasColor(picture)) return asRgba(picture) as Colored<T>;
    }
    const chroma = await this.chroma(picture, options);
    const { strength, upsampling } = options;
    return applyChromaInTurns(picture, chroma, { strength, upsampling });
  }

  /**
   * Runs the network; returns a* and b* at half the size at which it ran (its own resolution), the grey it was asked about, and the
   * border that it was not shown.
   * `applyChroma` puts them on the picture, at any strength, as often as wanted.
   */
  async chroma(
    picture: Picture,
    options: Pick<ColorizeOptions, 'renderSize' | 'quality' | 'border' | 'smoothing'> = {},
  ): Promise<Chroma> {
    this.#check();
    channelsOf('colorize', picture);
    expectOptions('colorize', options, COLORIZE_OPTIONS);
    const { renderSize = this.weights.size, quality = 'fast', smoothing = DEFAULT_SMOOTHING } = options;
    if (!QUALITIES.includes(quality)) {
      throw new ShapeError({ where: 'colorize', expected: `quality ${QUALITIES.join(' or ')}`, got: `'${quality}'` });
    }
    if (!(smoothing >= 0 && smoothing <= 1)) {
      throw new ShapeError({ where: 'colorize', expected: 'smoothing from 0 to 1', got: String(smoothing) });
    }
    const views = VIEWS[quality];
    const { network, embedding } = this.weights;
    const grey = { multiple: sizeMultiple(network), scale: embedding?.kind === 'maps' ? embedding.scale : 1 };
    const border = borderOf(picture, options.border);
    const inner = border ? within(picture, border) : picture;
    // All are asked for at once: closing waits for them.
    const seen = views.map(async ({ scale, mirror }) => {
      const plane = renderGrey(inner, sizeOfView(renderSize, scale), { ...grey, mirror });
      return { ...(await this.#answer(plane, inner, mirror)), mirror };
    });
    const mean = meanOfViews(await Promise.all(seen));
    return { ...smooth(mean, smoothing), ...(border && { border }), origin: this.origin };
  }

  /** The network's answer to a plane, after all that was asked before. */
  #answer(plane: RenderPlane, picture: Picture, mirror: boolean): Promise<Chroma> {
    const { maps, vector } = this.#held;
    const turn = this.#last.then(async () => {
      const network = await this.#networkFor(plane.height, plane.width);
      network.feed('lightness', greyToNetwork(plane.data) as Float32Array<ArrayBuffer>);
      if (maps) network.feed('grey', maps.feed(plane.fine.data));
      if (vector) network.feed('embedding', await vector.embed(picture, { mirror }));
      network.run();
      const answer = await network.read('chroma');
      if (!answer.every(Number.isFinite)) {
        throw new DeviceError({
          where: 'colorize',
          expected: 'finite colors',
          got: `NaN or infinity from ${this.gpu.name}`,
          hint: 'are the weights whole?',
        });
      }
      return chromaOf(answer, plane);
    });
    this.#last = turn.catch(() => undefined);
    return turn;
  }

  /**
   * Frees the network's memory, and the device unless it was given. What was asked before is answered first; what is asked
   * afterwards is refused. Safe to call twice.
   */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async [asyncDispose](): Promise<void> {
    await this.close();
  }

  async #close(): Promise<void> {
    await this.#last;
    this.#networks.close();
    const { slab, maps, vector } = this.#held;
    slab.close();
    await maps?.close();
    await vector?.close();
    if (this.#ownsGpu) await this.gpu.close();
  }

  #check(): void {
    if (this.#closing) throw closedError('colorizer', 'load it again: await Colorizer.load()');
  }

  #networkFor(height: number, width: number): Promise<Executable> {
    return this.#networks.get(`${height}x${width}`, () => this.#compile(height, width));
  }

  #compile(height: number, width: number): Promise<Executable> {
    const { network } = this.weights;
    const lightness = input('lightness', [1, height, width, 1]);
    const label = 'colorizer';
    const { slab: parameters, maps } = this.#held;
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

/** Puts the weights on the device, and opens the extractor. */
async function hold(gpu: Gpu, weights: Weights, options: ColorizerOptions, scope: Scope): Promise<Held> {
  const slab = await gpu.attempt(() => {
    const made = scope.own(new ParameterSlab(gpu, 'weights', layoutOf(weights.network)));
    made.write(weights.tensors);
    return made;
  });
  return { slab, ...(await openExtractor(gpu, weights, options)) };
}
