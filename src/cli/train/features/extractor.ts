/** Feature extractor of a run: the one that is named, the one it began with, or the one that comes with the package. */
import { fileURLToPath } from 'node:url';
import type { ExtractorInfo } from '../../../model/embedding.ts';
import { Extractor } from '../../../model/extractor.ts';
import { withoutScale } from '../../../model/map_products.ts';
import { MapExtractor } from '../../../model/maps.ts';
import { defaultExtractor } from '../../../model/package_files.ts';
import type { Gpu } from '../../../runtime/gpu.ts';
import type { Crop, DecodedPicture } from '../../../train/data/batch.ts';
import { UsageError } from '../../shared/messages.ts';
import type { PictureFile, PictureList } from '../../shared/scan.ts';
import { firstUsable } from '../archives/usable.ts';
import type { Progress } from '../progress.ts';
import type { RunConfig } from '../run_folder.ts';
import type { settingsOf } from '../settings.ts';
import { EmbeddingCache, embedded } from './embeddings.ts';
import type { ExtractorArguments } from './extractor_options.ts';
import { MapCache, type MapView, MEASURED } from './map_cache.ts';

/** The maps of the extractor that comes with the package. */
const DEFAULT_MAPS = ['stride8', 'stride16', 'stride32'];
/** The least stride of those. */
const FINEST = 8;
/** Pixels of a picture's shorter side about which that extractor sees best. */
const BEST_SIZE = 256;

interface PicturesOfRun {
  readonly train: PictureList;
  readonly validation: readonly PictureFile[];
}

/** What the network is given beside each picture: from a cache on disk, or for pictures of archives computed when asked for. */
export interface Features {
  /** Whether the extractor is needed as long as the features are. */
  readonly live: boolean;
  /** Pixels that squares begin at multiples of; undefined: anywhere. */
  readonly cell?: number | undefined;
  get(file: PictureFile, mirror: boolean, crop: Crop, view: number): Promise<readonly Float32Array[]>;
  /** How a view shows a picture; absent where there is but one. */
  view?(file: PictureFile, view: number): MapView;
  /** The pixels of a view, before its tone. */
  picture?(file: PictureFile, view: number): Promise<DecodedPicture>;
  /** Computes what is missing: of so many views of the pictures to train with, and of those for validation as they are. */
  complete(pictures: PicturesOfRun, views: number, progress: Progress): Promise<void>;
}

/** An extractor that is open, and where its file lies. */
export interface OpenExtractor {
  readonly path: string;
  /** As it was opened: maps may not be measured yet. */
  readonly description: ExtractorInfo;
  /** Pixels that squares begin at multiples of; undefined: anywhere. */
  readonly cell: number | undefined;
  /** Opens the cache below `root`, and finds how the features are to be scaled, by `files`. */
  features(
    root: string,
    files: PictureList,
    progress: Progress,
  ): Promise<{ readonly info: ExtractorInfo; readonly features: Features }>;
  /** Computes what is missing of a share of the pictures, into the cache below `root`, and measures nothing. */
  precompute(root: string, pictures: PicturesOfRun, views: number, progress: Progress): Promise<void>;
  close(): Promise<void>;
}

/**
 * Opens the extractor of a run; undefined for one without.
 *
 * @param args what was given: nothing means the package's own, but none with the paper's preset
 * @throws UsageError for sizes that its maps do not fit; FormatError for a file that is not what it should be.
 */
export async function openExtractor(
  gpu: Gpu,
  args: ExtractorArguments | undefined,
  old: RunConfig['embedding'] | undefined,
  { size, pad, preset, temperature, views, film, tone, wear }: ReturnType<typeof settingsOf>,
): Promise<OpenExtractor | undefined> {
  const had = old?.kind === 'none' ? undefined : old;
  const isNone = (old && !had) || args?.kind === 'none' || (!old && !args && preset === 'paper');
  const isVector = had ? had.kind !== 'maps' : args?.kind === 'vector';
  if (wear && (isNone || isVector)) {
    throw new UsageError({
      where: '--wear',
      expected: 'an extractor of feature maps',
      got: isNone ? 'none' : 'one of a vector',
      hint: 'see --maps',
    });
  }
  if (isNone) return undefined;
  if (isVector) {
    const trained = had?.kind === 'maps' ? undefined : had;
    return openVector(gpu, args?.kind === 'vector' ? args : undefined, trained && { ...trained, path: had!.path });
  }
  const given = args?.kind === 'maps' ? args : undefined;
  const trained = had?.kind === 'maps' ? had : undefined;
  const path =
    given?.source ?? (args?.kind === 'vector' ? args.source : had?.path) ?? fileURLToPath(defaultExtractor());
  const options = {
    outputs: given?.outputs ?? trained?.maps.map(({ output }) => output) ?? DEFAULT_MAPS,
    scale: given?.scale ?? trained?.scale ?? defaultScale(size, temperature > 0),
    range: given?.range,
    size: given?.size,
  };
  // The cache holds maps as they are, and divides them by their deviations later.
  const extractor = await MapExtractor.open(gpu, path, options, withoutScale(trained));
  const description = trained ?? extractor.description;
  const cacheAt = (root: string, info = description) =>
    new MapCache(root, info, size, { film, tone, wear }, gpu.precision);
  const { cell } = cacheAt('');
  if (size % cell) {
    throw new UsageError({
      where: '--size',
      expected: `a multiple of ${cell}, a cell of the extractor's maps`,
      got: size,
    });
  }
  if (pad !== 'none')
    throw new UsageError({
      where: '--pad',
      expected: 'none beside feature maps',
      got: pad,
      hint: 'add --extractor none',
    });
  if ((film || tone || wear) && views === 1) {
    throw new UsageError({
      where: film ? '--orthochromatic' : tone ? '--tone' : '--wear',
      expected: '--views 2 or more beside feature maps',
      got: 1,
      hint: 'the first view is the picture as it is',
    });
  }
  return {
    path,
    description,
    cell,
    async features(root, files, progress) {
      const measured = async () => cacheAt(root).measured(await firstUsable(files, MEASURED), extractor, progress);
      const info = trained ? description : await measured();
      const cache = cacheAt(root, info);
      const features: Features = {
        cell,
        live: isPacked(files),
        get: (file, mirror, crop, view) =>
          file.read ? cache.compute(file, mirror, crop, view, extractor) : cache.get(file, mirror, crop, view),
        view: (file, view) => cache.view(file, view),
        picture: (file, view) => cache.picture(file, view),
        complete: ({ train, validation }, views, progress) =>
          cache.complete(kept(train), extractor, progress, views, kept(validation)),
      };
      return { info, features };
    },
    precompute: (root, { train, validation }, views, progress) =>
      cacheAt(root).complete(kept(train), extractor, progress, views, kept(validation)),
    close: () => extractor.close(),
  };
}

async function openVector(
  gpu: Gpu,
  args: Extract<ExtractorArguments, { kind: 'vector' }> | undefined,
  had: (Exclude<ExtractorInfo, { kind: 'maps' }> & { path: string }) | undefined,
): Promise<OpenExtractor> {
  const path = args?.source ?? had!.path;
  const { output, size, range, embedding: kind } = args ?? {};
  const extractor = await Extractor.open(gpu, path, { output, size, range, kind }, had);
  const info = extractor.description;
  const cacheAt = (root: string) => new EmbeddingCache(root, info, gpu.precision);
  const complete = (cache: EmbeddingCache, { train, validation }: PicturesOfRun, progress: Progress) =>
    cache.complete([...kept(train), ...kept(validation)], extractor, progress);
  return {
    path,
    description: info,
    cell: undefined,
    async features(root, files) {
      const cache = cacheAt(root);
      const features: Features = {
        live: isPacked(files),
        get: async (file, mirror) => [await (file.read ? embedded(file, mirror, extractor) : cache.get(file, mirror))],
        complete: (pictures, _, progress) => complete(cache, pictures, progress),
      };
      return { info, features };
    },
    precompute: (root, pictures, _, progress) => complete(cacheAt(root), pictures, progress),
    close: () => extractor.close(),
  };
}

/** Whether pictures lie in archives. */
function isPacked(files: PictureList): boolean {
  return files.at(0)?.read !== undefined;
}

/** Those whose features are kept on disk. */
function kept(files: PictureList): PictureFile[] {
  return isPacked(files) ? [] : Array.from({ length: files.length }, (_, i) => files.at(i)!);
}

/** So that the extractor sees a picture of about the size that it sees best, as far as its maps have layers to join. */
function defaultScale(size: number, classes: boolean): number {
  const wanted = 2 ** Math.max(0, Math.round(Math.log2(BEST_SIZE / size)));
  return Math.min(wanted, FINEST / (classes ? 4 : 2));
}
