/** Puts decoded pictures together into the bytes that are uploaded for a step. */
import { packTone, type Tone } from '../../kernels/image/lightness.ts';
import { ShapeError } from '../../runtime/errors.ts';
import type { Sample } from './sampler.ts';

/** How pictures become squares: cut, or whole, between white bars of alpha 0. */
export type PadMode = 'none' | 'white';

/**
 * A decoded picture: RGBA bytes, [height, width, 4]. Its shorter side is the dataset's source size; with padding, its
 * longer side is the size.
 */
export interface DecodedPicture {
  readonly data: Uint8Array | Uint8ClampedArray;
  readonly width: number;
  readonly height: number;
}

/** Pictures by number. Decoding is up to the platform. */
export interface Dataset {
  readonly length: number;
  /** Default 'none'. */
  readonly pad?: PadMode;
  /** Views of each picture; default 1. */
  readonly views?: number | undefined;
  /** Lengths of the stretches of pictures that lie together, and are to be read together; default there are none. */
  readonly parts?: readonly number[] | undefined;
  /** The picture at `index`, in one of its views; the same bytes each time. */
  picture(index: number, view?: number): Promise<DecodedPicture>;
  /** How a view is shown; absent where that is the sampler's choice. */
  tone?(index: number, view: number): Tone;
  /** Squares begin at multiples of so many pixels, since feature maps are made of cells; default anywhere. */
  readonly cell?: number | undefined;
  /**
   * What the network is given beside the square `crop` of a view of the picture at `index`, or of its mirror image:
   * embeddings and feature maps, one array each. Absent where there is no extractor.
   */
  features?(index: number, mirror: boolean, crop: Crop, view?: number): Promise<readonly Float32Array[]>;
}

/** A square of a picture, or of its mirror image where that is shown, in pixels. */
export interface Crop {
  readonly top: number;
  readonly left: number;
  readonly size: number;
}

/** What a step is fed with: squares of `source` x `source` pixels, and the crop of each. */
export interface Batch {
  /** [N, source, source], RGBA8. */
  readonly pixels: Uint32Array<ArrayBuffer>;
  /** [N, 4]: top, left, mirror (0 or 1), packed tone. */
  readonly crops: Uint32Array<ArrayBuffer>;
  /** [N, h, w, C] each; none for a dataset without. */
  readonly features: readonly Float32Array<ArrayBuffer>[];
}

/**
 * Pixels of the squares that are uploaded for crops of `size`: room for crops to move in, as ImageNet's 256 for 224. With
 * cells there is none: what is uploaded is the crop.
 */
export function sourceSize(size: number, cell?: number): number {
  return cell ? size : Math.round((size * 8) / 7);
}

/** R, G, B 255, alpha 0: the network sees white, and the loss nothing. */
const WHITE_BAR = 0x00ffffff;

/** Cuts the samples' squares out of their pictures. @throws ShapeError for features of several lengths */
export async function assembleBatch(dataset: Dataset, samples: readonly Sample[], size: number): Promise<Batch> {
  const source = sourceSize(size, dataset.cell);
  const pixels = new Uint32Array(samples.length * source * source);
  const crops = new Uint32Array(samples.length * 4);
  const middle = Math.floor((source - size) / 2);
  const features = await Promise.all(
    samples.map(async (sample, i) => {
      const { index, view = 0, mirror } = sample;
      const picture = await dataset.picture(index, view);
      const square = pixels.subarray(i * source * source, (i + 1) * source * source);
      const how = [sample.mirror ? 1 : 0, packTone(dataset.tone?.(index, view) ?? sample.tone)];
      if (dataset.pad === 'white') {
        padSquare(picture, square, source);
        crops.set([middle, middle, ...how], i * 4);
      } else if (dataset.cell) {
        const { top, left } = cropOf(picture, sample, size, dataset.cell);
        copySquare(picture, top, sample.mirror ? picture.width - size - left : left, square, source);
        crops.set([0, 0, ...how], i * 4);
      } else {
        const { cropOffset } = sample;
        const slid = (length: number) => Math.floor(cropOffset * (length - source + 1));
        copySquare(picture, slid(picture.height), slid(picture.width), square, source);
        const room = source - size + 1;
        crops.set([Math.floor(sample.top * room), Math.floor(sample.left * room), ...how], i * 4);
      }
      return dataset.features?.(index, mirror, cropOf(picture, sample, size, dataset.cell ?? 1), view) ?? [];
    }),
  );
  return { pixels, crops, features: stacked(features) };
}

/** The square of a picture, or of its mirror image, that a sample shows: at a multiple of `cell` pixels. */
function cropOf({ width, height }: DecodedPicture, { top, left }: Sample, size: number, cell: number): Crop {
  const begin = (fraction: number, length: number) =>
    Math.floor(fraction * (Math.floor((length - size) / cell) + 1)) * cell;
  return { top: begin(top, height), left: begin(left, width), size };
}

/** The samples' features behind each other, for each kind. */
function stacked(samples: readonly (readonly Float32Array[])[]): Float32Array<ArrayBuffer>[] {
  return samples[0]!.map((first, kind) => {
    const together = new Float32Array(samples.length * first.length);
    samples.forEach((features, i) => {
      const { length } = features[kind]!;
      if (length !== first.length) {
        throw new ShapeError({ where: 'batch', expected: `features of ${first.length} values`, got: length });
      }
      together.set(features[kind]!, i * length);
    });
    return together;
  });
}

function copySquare(
  { data, width }: DecodedPicture,
  top: number,
  left: number,
  square: Uint32Array,
  side: number,
): void {
  const bytes = new Uint8Array(square.buffer, square.byteOffset, square.byteLength);
  for (let y = 0; y < side; y++) {
    const from = ((top + y) * width + left) * 4;
    bytes.set(data.subarray(from, from + side * 4), y * side * 4);
  }
}

/** Puts a picture in the middle of its square. */
function padSquare({ data, width, height }: DecodedPicture, square: Uint32Array, side: number): void {
  square.fill(WHITE_BAR);
  const top = Math.floor((side - height) / 2);
  const left = Math.floor((side - width) / 2);
  const bytes = new Uint8Array(square.buffer, square.byteOffset, square.byteLength);
  for (let y = 0; y < height; y++) {
    bytes.set(data.subarray(y * width * 4, (y + 1) * width * 4), ((top + y) * side + left) * 4);
  }
}
