/** Sources of the colors of a column: weights that are run, or pictures that are read. */
import type { BytePicture } from '../../evaluation/metrics/pair.ts';
import { Colorizer } from '../../model/colorizer.ts';
import { describeExtractor } from '../../model/embedding.ts';
import { decodeWeights } from '../../model/weights.ts';
import { sha256 } from '../../onnx/sha256.ts';
import { FormatError } from '../../runtime/errors.ts';
import type { Gpu } from '../../runtime/gpu.ts';
import { readBytes } from '../../runtime/node/adapters.ts';
import { greyOf, squareOf } from '../shared/center_crops.ts';
import type { InceptionArguments } from '../shared/inception.ts';
import { correlation, LEAST_CORRELATION } from './agree.ts';
import type { Candidate, PicturesCandidate, WeightsCandidate } from './candidates.ts';
import type { Compared } from './report.ts';

/** What colors all photographs, one after the other. */
export interface Brush {
  /** @param path inside the folder of photographs. @param grey its grey square. @returns the square in colors */
  paint(path: string, grey: BytePicture): Promise<BytePicture>;
  close(): Promise<void>;
}

export interface ColorSource {
  readonly about: Compared;
  /** Whether it has a version of a photograph. */
  has(path: string): boolean;
  /** Why its version is of something else than the photograph whose grey square this is; undefined where it is not. */
  disagrees(path: string, grey: BytePicture): Promise<string | undefined>;
  /** Gets ready; `gpu` is there where any painter has weights. */
  open(gpu: Gpu | undefined): Promise<Brush>;
}

export interface PaintOptions {
  /** Pixels a side of the squares. */
  readonly size: number;
  readonly strength: number;
  readonly renderSize: number | undefined;
  readonly smoothing: number;
  readonly inception: InceptionArguments | undefined;
}

/** Makes the painters, and reads all weights' headers. @throws FormatError for what is no weights, and for an extractor that none needs. */
export async function openSources(candidates: readonly Candidate[], options: PaintOptions): Promise<ColorSource[]> {
  const painters: ColorSource[] = [];
  for (const one of candidates) {
    painters.push(one.kind === 'weights' ? await withWeights(one, options) : withPictures(one, options));
  }
  const { inception } = options;
  if (inception && !painters.some(({ about }) => about.extractor)) {
    throw new FormatError({
      where: inception.source,
      expected: 'no feature extractor, as none of these weights was trained with one',
      got: 'one',
      hint: 'leave it out',
    });
  }
  return painters;
}

async function withWeights({ label, path }: WeightsCandidate, options: PaintOptions): Promise<ColorSource> {
  const { strength, smoothing, inception } = options;
  const bytes = await readBytes(path);
  const { embedding, size } = decodeWeights(bytes, path);
  const renderSize = options.renderSize ?? size;
  const extractor = embedding ? describeExtractor(embedding) : null;
  return {
    about: { label, kind: 'weights', path, sha256: await sha256(bytes), renderSize, extractor },
    has: () => true,
    disagrees: async () => undefined,
    async open(gpu) {
      const colorizer = await Colorizer.load({
        weights: path,
        ...(gpu && { gpu }),
        ...(embedding && inception && { inception }),
      });
      return {
        paint: (_, grey) => colorizer.colorize(grey, { strength, renderSize, smoothing }),
        close: () => colorizer.close(),
      };
    },
  };
}

function withPictures({ label, path: folder, find }: PicturesCandidate, { size }: PaintOptions): ColorSource {
  const read = (path: string) => squareOf(find(path)!, find(path)!, size);
  return {
    about: { label, kind: 'pictures', path: folder },
    has: (path) => find(path) !== undefined,
    async disagrees(path, grey) {
      const agreement = correlation(greyOf(await read(path)), grey);
      if (agreement >= LEAST_CORRELATION) return undefined;
      return `${find(path)}: expected ${path} in other colors, got something else, or another part of it (correlation of lightness ${agreement.toFixed(2)}, at least ${LEAST_CORRELATION} is expected)`;
    },
    open: async () => ({ paint: read, close: async () => undefined }),
  };
}
