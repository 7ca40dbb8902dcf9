/**
 * Feature maps of a frozen classifier: an ONNX file whose intermediate values, aligned with the picture, steer the colours
 * place by place.
 *
 * The classifier is fed with the picture's BT.601 luma, its contrast stretched, three times, at `scale` times the size at
 * which the network sees it: cell (i, j) of a map of stride s stands for the s x s pixels from (s i, s j) on.
 */
import { compile } from '../graph/compile.ts';
import type { ConstantStore } from '../graph/constants.ts';
import type { Executable } from '../graph/executable.ts';
import { describe, type Node } from '../graph/node.ts';
import { binary } from '../graph/ops/binary.ts';
import { concat } from '../graph/ops/concat.ts';
import { constant } from '../graph/ops/constant.ts';
import { input } from '../graph/ops/input.ts';
import { transpose } from '../graph/ops/transpose.ts';
import type { Plane } from '../image/resize.ts';
import { stretched } from '../image/stretch.ts';
import type { OnnxModel } from '../onnx/load.ts';
import { DeviceError, FormatError, ShapeError } from '../runtime/errors.ts';
import type { Gpu } from '../runtime/gpu.ts';
import { expectExtractor, type MapInfo, type MapsInfo } from './embedding.ts';
import type { ExtractorSource } from './extractor.ts';

/** Which maps of a file are used, and how it is asked. */
export interface MapsOptions {
  /** The names of the values in the file. */
  readonly outputs: readonly string[];
  /** Its input's pixels for each pixel of the network's, along a side. */
  readonly scale: number;
  /** What it is fed with for black and for white; default −127/128 and 1, as EfficientNet-Lite. */
  readonly range?: readonly [black: number, white: number] | undefined;
}

/** Black and white as EfficientNet-Lite was trained: (code − 127) / 128. */
export const LITE_RANGE = [-127 / 128, 1] as const;
/** Pixels of the picture by which strides are found: multiples of every stride, and not square, as vectors would be. */
const PROBE = { height: 256, width: 512 };
/** Compiled sizes that are kept. */
const KEPT_SIZES = 12;

/** Turns grey planes into feature maps. Calls may overlap; they run one after the other. */
export class MapExtractor {
  readonly description: MapsInfo;
  readonly #gpu: Gpu;
  readonly #model: OnnxModel;
  readonly #layout: 'nchw' | 'nhwc';
  /** By size, the one that was used last at the end. */
  readonly #networks = new Map<string, Executable>();
  #last: Promise<unknown> = Promise.resolve();
  #closed = false;

  private constructor(gpu: Gpu, model: OnnxModel, layout: 'nchw' | 'nhwc', description: MapsInfo) {
    this.#gpu = gpu;
    this.#model = model;
    this.#layout = layout;
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
    if (!asked) throw new FormatError('feature maps: expected the names of maps, got none – name them');
    const { outputs, scale, range = trained?.range ?? LITE_RANGE } = asked;
    const model = await loadOnnx(gpu, source, { outputs });
    const { name, sha256 } = model.file;
    const layout = layoutOf(model);
    const maps = outputs.map((output, i): MapInfo => {
      const deviation = trained?.maps[i]?.deviation ?? 1;
      return { output, ...shapeOf(name, output, buildMap(model, layout, output)), deviation };
    });
    const description: MapsInfo = { kind: 'maps', maps, sha256, scale, range };
    if (trained) expectExtractor(name, description, trained);
    for (const { output, stride } of maps) {
      if (stride / scale >= 2) continue;
      throw new FormatError(
        `${name}: expected maps of stride ${2 * scale} or more at a scale of ${scale}, got '${output}' of stride ${stride} – choose another map or a smaller scale`,
      );
    }
    return new MapExtractor(gpu, model, layout, description);
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
    const nodes = buildMaps(this.#model, this.#layout, grey);
    return maps.map(({ output, deviation }) => {
      const node = nodes[output]!;
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
  extract(planes: readonly Plane[]): Promise<Float32Array[]> {
    const turn = this.#last.then(async () => {
      const [{ width, height }] = planes as [Plane];
      if (planes.some((plane) => plane.width !== width || plane.height !== height)) {
        throw new ShapeError('feature maps: expected planes of one size, got several');
      }
      const network = await this.#networkFor(planes.length, height, width);
      const size = width * height;
      const all = new Float32Array(planes.length * size);
      planes.forEach(({ data }, i) => {
        all.set(this.feed(data), i * size);
      });
      network.feed('grey', all);
      network.run();
      const maps = await Promise.all(this.description.maps.map((_, i) => network.read(`map${i}`)));
      if (!maps.every((map) => map.every(Number.isFinite))) {
        throw new DeviceError(
          `feature maps: expected finite numbers, got NaN or infinity from ${this.#gpu.name} – are the weights of ${this.#model.file.name} whole?`,
        );
      }
      return maps;
    });
    this.#last = turn.catch(() => undefined);
    return turn;
  }

  /** Frees what is on the device, which stays open itself. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#last;
    for (const network of this.#networks.values()) network.destroy();
    this.#networks.clear();
    this.#model.destroy();
  }

  async #networkFor(batch: number, height: number, width: number): Promise<Executable> {
    if (this.#closed)
      throw new DeviceError('feature maps: expected an open extractor, got a closed one – open it again');
    const key = [batch, height, width].join();
    const network = this.#networks.get(key) ?? (await this.#compile([batch, height, width, 1]));
    this.#networks.delete(key);
    this.#networks.set(key, network);
    for (const [oldest, executable] of this.#networks) {
      if (this.#networks.size <= KEPT_SIZES) break;
      executable.destroy();
      this.#networks.delete(oldest);
    }
    return network;
  }

  #compile(shape: readonly number[]): Promise<Executable> {
    const most = Math.max(...this.description.maps.map(({ stride }) => stride));
    if (shape[1]! % most || shape[2]! % most) {
      throw new ShapeError(
        `feature maps: expected sides that are multiples of ${most}, got ${shape[1]} x ${shape[2]} – pad`,
      );
    }
    const maps = this.build(input('grey', shape));
    return compile(this.#gpu, {
      label: 'feature maps',
      outputs: Object.fromEntries(maps.map((map, i) => [`map${i}`, map])),
      constants: this.constants,
    });
  }
}

/** Where the channels of the file's pictures are. @throws FormatError unless it takes one RGB picture of any size. */
function layoutOf({ file: { name }, inputs }: OnnxModel): 'nchw' | 'nhwc' {
  const [first] = inputs;
  const shape = first?.shape;
  if (inputs.length === 1 && shape?.length === 4) {
    const sides = shape[1] === 3 ? [shape[2], shape[3]] : shape[3] === 3 ? [shape[1], shape[2]] : [0];
    if (sides.every((side) => typeof side === 'string')) return shape[1] === 3 ? 'nchw' : 'nhwc';
  }
  const got = inputs.map((each) => `${each.name} [${each.shape?.map((extent) => extent || '?').join(', ') ?? '…'}]`);
  throw new FormatError(
    `${name}: expected one input of an RGB picture of any size, [N, 3, H, W] or [N, H, W, 3], got ${got.join(' and ') || 'none'} – export it with dynamic axes`,
  );
}

/** The file's outputs for grey [N, H, W, 1], channels last. */
function buildMaps(model: OnnxModel, layout: 'nchw' | 'nhwc', grey: Node): Record<string, Node> {
  const rgb = concat([grey, grey, grey], 3);
  const fed = layout === 'nchw' ? transpose(rgb, [0, 3, 1, 2]) : rgb;
  const results = model.build({ [model.inputs[0]!.name]: fed });
  return Object.fromEntries(
    Object.entries(results).map(([name, node]) => {
      const isMap = node.shape.length === 4;
      return [name, isMap && layout === 'nchw' ? transpose(node, [0, 2, 3, 1]) : node];
    }),
  );
}

function buildMap(model: OnnxModel, layout: 'nchw' | 'nhwc', output: string): Node {
  return buildMaps(model, layout, input('grey', [1, PROBE.height, PROBE.width, 1]))[output]!;
}

/** @throws FormatError for what is no map aligned with the picture. */
function shapeOf(name: string, output: string, { shape }: Node): { channels: number; stride: number } {
  const [, height, width, channels] = shape;
  const stride = PROBE.height / height!;
  if (shape.length === 4 && PROBE.width / width! === stride && Number.isInteger(Math.log2(stride)) && stride >= 1) {
    return { channels: channels!, stride };
  }
  throw new FormatError(
    `${name}: expected '${output}' as a map whose sides are the picture's, divided by a power of 2, got ${describe(shape)} for ${PROBE.height} x ${PROBE.width} pixels – name another value, of a network with SAME padding`,
  );
}
