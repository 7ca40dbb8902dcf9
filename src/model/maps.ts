/**
 * Feature maps of a frozen classifier: an ONNX file whose intermediate values, aligned with the picture, steer the colors
 * place by place.
 *
 * The classifier is fed with the picture's BT.601 luma, its contrast stretched, three times, at `scale` times the size at
 * which the network sees it: cell (i, j) of a map of stride s stands for the s x s pixels from (s i, s j) on. A classifier
 * that takes squares of one size sees the whole plane squeezed into one, and its maps are spread over the plane again, by
 * repetition, as if they had the stride that is the nearest power of 2.
 */
import { compile } from '../graph/compile.ts';
import type { ConstantStore } from '../graph/constants.ts';
import type { Executable } from '../graph/executable.ts';
import type { Node } from '../graph/node.ts';
import { constant } from '../graph/ops/core/constant.ts';
import { input } from '../graph/ops/core/input.ts';
import { binary } from '../graph/ops/elementwise/binary.ts';
import type { Plane } from '../image/raster/resize.ts';
import { stretched } from '../image/raster/stretch.ts';
import type { OnnxModel } from '../onnx/load.ts';
import { asyncDispose, type Closable } from '../runtime/dispose.ts';
import { closedError, DeviceError, FormatError, ShapeError } from '../runtime/errors.ts';
import type { Gpu } from '../runtime/gpu.ts';
import { RecentlyUsed } from '../runtime/recently_used.ts';
import { expectExtractor, type MapInfo, type MapsInfo } from './embedding.ts';
import type { ExtractorSource } from './extractor.ts';
import { buildMaps, type FileInput, inputOf, probe, shapeOf, spread, squeezed } from './map_graph.ts';

/** Which maps of a file are used, and how it is asked. */
export interface MapsOptions {
  /** The names of the values in the file. */
  readonly outputs: readonly string[];
  /** Its input's pixels for each pixel of the network's, along a side. */
  readonly scale: number;
  /** What it is fed with for black and for white; default −127/128 and 1, as EfficientNet-Lite; with a size −1 and 1. */
  readonly range?: readonly [black: number, white: number] | undefined;
  /** Pixels a side of the squares it is to see; default what the file declares, or pictures of any size. */
  readonly size?: number | undefined;
}

/** Black and white as EfficientNet-Lite was trained: (code − 127) / 128. */
export const LITE_RANGE = [-127 / 128, 1] as const;
/** Compiled sizes that are kept. */
const KEPT_SIZES = 12;

/** Turns grey planes into feature maps. Calls may overlap; they run one after the other. */
export class MapExtractor implements Closable {
  readonly description: MapsInfo;
  readonly #gpu: Gpu;
  readonly #model: OnnxModel;
  readonly #input: FileInput;
  /** By size. */
  readonly #networks = new RecentlyUsed<Executable>(KEPT_SIZES);
  #last: Promise<unknown> = Promise.resolve();
  #closed = false;

  private constructor(gpu: Gpu, model: OnnxModel, input: FileInput, description: MapsInfo) {
    this.#gpu = gpu;
    this.#model = model;
    this.#input = input;
    this.description = description;
  }

  /**
   * Reads a classifier's file. Nothing is put on the device before the first picture.
   *
   * @param options undefined: as `trained` says
   * @param trained the extractor that weights were trained with: must be this one, and says how its maps are scaled
   * @throws FormatError for a file that is damaged, takes no pictures of any size, has no such maps, or is not the one
   * trained with.
   */
  static async open(
    gpu: Gpu,
    source: ExtractorSource,
    options: MapsOptions | undefined,
    trained?: MapsInfo,
  ): Promise<MapExtractor> {
    const { loadOnnx } = await import('../onnx/load.ts');
    const asked = options ?? (trained && { ...trained, outputs: trained.maps.map(({ output }) => output) });
    if (!asked)
      throw new FormatError({ where: 'feature maps', expected: 'the names of maps', got: 'none', hint: 'name them' });
    const { outputs, scale } = asked;
    const model = await loadOnnx(gpu, source, { outputs });
    const { name, sha256 } = model.file;
    const fed = inputOf(model, asked.size ?? trained?.size);
    const { size } = fed;
    const range = asked.range ?? trained?.range ?? (size === undefined ? LITE_RANGE : ([-1, 1] as const));
    const probed = probe(model, fed);
    const maps = outputs.map((output, i): MapInfo => {
      const deviation = trained?.maps[i]?.deviation ?? 1;
      return { output, ...shapeOf(name, output, probed[output]!, size), deviation };
    });
    const description: MapsInfo = { kind: 'maps', maps, sha256, scale, range, ...(size !== undefined && { size }) };
    if (trained) expectExtractor(name, description, trained);
    for (const { output, stride } of maps) {
      if (stride / scale >= 2) continue;
      throw new FormatError({
        where: name,
        expected: `maps of stride ${2 * scale} or more at a scale of ${scale}`,
        got: `'${output}' of stride ${stride}`,
        hint: 'choose another map or a smaller scale',
      });
    }
    return new MapExtractor(gpu, model, fed, description);
  }

  /** What its graphs need to be compiled with. */
  get constants(): ConstantStore {
    return this.#model.constants;
  }

  /**
   * Builds the graph of the maps, each divided by its deviation: from grey [N, H, W, 1], as `feed` makes it, to
   * [N, H / stride, W / stride, channels] each.
   */
  build(grey: Node): Node[] {
    const { maps } = this.description;
    const [, height, width] = grey.shape as [number, number, number];
    const { size } = this.#input;
    const nodes = buildMaps(this.#model, this.#input, size === undefined ? grey : squeezed(grey, size));
    return maps.map(({ output, deviation, stride }) => {
      const own = nodes[output]!;
      const node = size === undefined ? own : spread(own, height / stride, width / stride);
      return deviation === 1 ? node : binary('mul', node, constant([], 1 / deviation));
    });
  }

  /** Stretches a plane of grey codes 0…255, and scales it to what `build` takes. */
  feed(codes: Float32Array): Float32Array<ArrayBuffer> {
    const [black, white] = this.description.range;
    return stretched(codes).map((code) => black + ((white - black) * code) / 255) as Float32Array<ArrayBuffer>;
  }

  /**
   * Computes the maps of planes of one size.
   *
   * @param planes grey codes 0…255, [H, W], whose sides are multiples of every stride
   * @returns for each map [N, H / stride, W / stride, channels]
   * @throws ShapeError for planes of several sizes, or of one that does not fit; DeviceError when the device fails.
   */
  async extract(planes: readonly Plane[]): Promise<Float32Array[]> {
    this.#check();
    if (!this.#input.single || planes.length === 1) return this.#extract(planes);
    const each = await Promise.all(planes.map((plane) => this.#extract([plane])));
    return each[0]!.map((map, i) => {
      const all = new Float32Array(planes.length * map.length);
      each.forEach((maps, n) => {
        all.set(maps[i]!, n * map.length);
      });
      return all;
    });
  }

  #extract(planes: readonly Plane[]): Promise<Float32Array[]> {
    const turn = this.#last.then(async () => {
      const [{ width, height }] = planes as [Plane];
      if (planes.some((plane) => plane.width !== width || plane.height !== height)) {
        throw new ShapeError({ where: 'feature maps', expected: 'planes of one size', got: 'several' });
      }
      const shape = [planes.length, height, width, 1];
      const network = await this.#networks.get(shape.join(), () => this.#compile(shape));
      const size = width * height;
      const all = new Float32Array(planes.length * size);
      planes.forEach(({ data }, i) => {
        all.set(this.feed(data), i * size);
      });
      network.feed('grey', all);
      network.run();
      const maps = await Promise.all(this.description.maps.map((_, i) => network.read(`map${i}`)));
      if (!maps.every((map) => map.every(Number.isFinite))) {
        throw new DeviceError({
          where: 'feature maps',
          expected: 'finite numbers',
          got: `NaN or infinity from ${this.#gpu.name}`,
          hint: `are the weights of ${this.#model.file.name} whole?`,
        });
      }
      return maps;
    });
    this.#last = turn.catch(() => undefined);
    return turn;
  }

  /** Frees what is on the device, which stays open itself, after what was asked before. Safe to call twice. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#last;
    this.#networks.close();
    this.#model.close();
  }

  async [asyncDispose](): Promise<void> {
    await this.close();
  }

  #check(): void {
    if (this.#closed) throw closedError('feature maps', 'open the extractor again');
  }

  async #compile(shape: readonly number[]): Promise<Executable> {
    const most = Math.max(...this.description.maps.map(({ stride }) => stride));
    if (shape[1]! % most || shape[2]! % most) {
      throw new ShapeError({
        where: 'feature maps',
        expected: `sides that are multiples of ${most}`,
        got: `${shape[1]} x ${shape[2]}`,
        hint: 'pad',
      });
    }
    const maps = this.build(input('grey', shape));
    return compile(this.#gpu, {
      label: 'feature maps',
      outputs: Object.fromEntries(maps.map((map, i) => [`map${i}`, map])),
      constants: this.constants,
    });
  }
}
