/** Puts decoded pictures together into the bytes that are uploaded for a step. */
import { packLook } from '../kernels/lightness.ts';
import { ShapeError } from '../runtime/errors.ts';
import type { Sample } from './sampler.ts';

/** How pictures become squares: cut, or whole, between white bars of alpha 0. */
export type Padding = 'none' | 'white';

/**
 * A decoded picture: RGBA bytes, [height, width, 4]. Its shorter side is the dataset's source size; with padding, its
 * longer side is the size.
 */
export interface Picture {
  readonly data: Uint8Array | Uint8ClampedArray;
  readonly width: number;
  readonly height: number;
}

/** Pictures by number. Decoding is up to the platform. */
export interface Dataset {
  readonly length: number;
  /** Default 'none'. */
  readonly pad?: Padding;
  /** The picture at `index`; the same bytes each time. */
  picture(index: number): Promise<Picture>;
  /** The embedding of the whole picture at `index`, or of its mirror image; absent where there is no extractor. */
  embedding?(index: number, mirror: boolean): Promise<Float32Array>;
}

/** What a step is fed with: squares of `source` x `source` pixels, and the crop of each. */
export interface Batch {
  /** [N, source, source], RGBA8. */
  readonly pixels: Uint32Array<ArrayBuffer>;
  /** [N, 4]: top, left, mirror (0 or 1), packed look. */
  readonly windows: Uint32Array<ArrayBuffer>;
  /** [N, 1, 1, width]; empty for a dataset without. */
  readonly embeddings: Float32Array<ArrayBuffer>;
}

/** Pixels of the squares that are uploaded for crops of `size`: room for crops to move in, as ImageNet's 256 for 224. */
export function sourceSize(size: number): number {
  return Math.round((size * 8) / 7);
}

/** R, G, B 255, alpha 0: the network sees white, and the loss nothing. */
const WHITE_BAR = 0x00ffffff;

/** Cuts the samples' squares out of their pictures. @throws ShapeError for embeddings of several lengths */
export async function assembleBatch(dataset: Dataset, samples: readonly Sample[], size: number): Promise<Batch> {
  const source = sourceSize(size);
  const pixels = new Uint32Array(samples.length * source * source);
  const windows = new Uint32Array(samples.length * 4);
  const middle = Math.floor((source - size) / 2);
  await Promise.all(
    samples.map(async (sample, i) => {
      const picture = await dataset.picture(sample.index);
      const square = pixels.subarray(i * source * source, (i + 1) * source * source);
      const how = [sample.mirror ? 1 : 0, packLook(sample.look)];
      if (dataset.pad === 'white') {
        padSquare(picture, square, source);
        windows.set([middle, middle, ...how], i * 4);
        return;
      }
      copySquare(picture, sample.slide, square, source);
      const room = source - size + 1;
      windows.set([Math.floor(sample.top * room), Math.floor(sample.left * room), ...how], i * 4);
    }),
  );
  return { pixels, windows, embeddings: await embeddingsOf(dataset, samples) };
}

async function embeddingsOf(dataset: Dataset, samples: readonly Sample[]): Promise<Float32Array<ArrayBuffer>> {
  if (!dataset.embedding) return new Float32Array();
  const all = await Promise.all(samples.map(({ index, mirror }) => dataset.embedding!(index, mirror)));
  const { length } = all[0]!;
  const together = new Float32Array(all.length * length);
  all.forEach((embedding, i) => {
    if (embedding.length !== length) {
      throw new ShapeError(`batch: expected embeddings of ${length} values, got ${embedding.length}`);
    }
    together.set(embedding, i * length);
  });
  return together;
}

function copySquare({ data, width, height }: Picture, slide: number, square: Uint32Array, side: number): void {
  const top = Math.floor(slide * (height - side + 1));
  const left = Math.floor(slide * (width - side + 1));
  const bytes = new Uint8Array(square.buffer, square.byteOffset, square.byteLength);
  for (let y = 0; y < side; y++) {
    const from = ((top + y) * width + left) * 4;
    bytes.set(data.subarray(from, from + side * 4), y * side * 4);
  }
}

/** Puts a picture in the middle of its square. */
function padSquare({ data, width, height }: Picture, square: Uint32Array, side: number): void {
  square.fill(WHITE_BAR);
  const top = Math.floor((side - height) / 2);
  const left = Math.floor((side - width) / 2);
  const bytes = new Uint8Array(square.buffer, square.byteOffset, square.byteLength);
  for (let y = 0; y < height; y++) {
    bytes.set(data.subarray(y * width * 4, (y + 1) * width * 4), ((top + y) * side + left) * 4);
  }
}
