/** Options of the colorizer: what it is made of, and how a picture is colored. */
import type { ApplyChromaOptions } from '../image/color/chroma.ts';
import type { BorderOption } from '../image/raster/border.ts';
import type { Quality } from '../image/raster/views.ts';
import type { Gpu } from '../runtime/gpu.ts';
import { GPU_OPTIONS, type GpuOptions } from '../runtime/gpu_options.ts';
import type { ExtractorOptions, ExtractorSource } from './extractor.ts';

/** Which device, weights and extractor a `Colorizer` is made of. */
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
   * The ONNX file of the classifier whose vector the weights were trained with. Its preprocessing is stored in the weights' metadata; what
   * is said here beside `source` must be the same.
   */
  readonly inception?: ExtractorSource | (ExtractorOptions & { readonly source: ExtractorSource });
}

/** How one picture is colored. */
export interface ColorizeOptions extends ApplyChromaOptions {
  /** Pixels of the shorter side at which the picture goes through the network. Default: the size it was trained at. */
  readonly renderSize?: number;
  /** True: a picture that has colors already is given back as it is. Toned ones, such as sepia, have none. Default false. */
  readonly keepColor?: boolean;
  /** `fast` (default): one look at the picture. `best`: the mean of four, at two sizes and mirrored, for six times the work. */
  readonly quality?: Quality;
  /**
   * Which border stays neutral and is kept from the network: `auto` (default), what is found of frames, margins and
   * mounts; `none`; or a width on every side, in pixels or, as `'5%'`, in percent of the shorter side.
   */
  readonly border?: BorderOption;
  /**
   * How much colors that differ among near things of one grey are drawn together: 0, not at all, to 1; default 0.5. Fewer
   * patches.
   */
  readonly smoothing?: number;
}

export const LOAD_OPTIONS = [
  ...GPU_OPTIONS,
  'gpu',
  'weights',
  'extractor',
  'inception',
] as const satisfies (keyof ColorizerOptions)[];
export const COLORIZE_OPTIONS = [
  'strength',
  'upsampling',
  'renderSize',
  'quality',
  'keepColor',
  'border',
  'smoothing',
] as const satisfies (keyof ColorizeOptions)[];
