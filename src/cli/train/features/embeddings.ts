/**
 * Embeddings on disk, so that each picture is shown to the extractor once: a file for each picture, in a folder for each
 * extractor. A file holds SHA-256 (32 bytes) over the extractor, the picture's hash and the rest, then float32 numbers:
 * the picture's embedding, and its mirror image's.
 */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readImage } from '../../../image/node.ts';
import type { VectorInfo } from '../../../model/embedding.ts';
import type { Extractor } from '../../../model/extractor.ts';
import type { Precision } from '../../../runtime/adapter.ts';
import { FormatError } from '../../../runtime/errors.ts';
import { makeFolder, writeWhole } from '../../../runtime/node/whole_file.ts';
import { bytesOf } from '../../shared/read_unchanged.ts';
import { eachOf, type PictureFile } from '../../shared/scan.ts';
import { duration, type Progress } from '../progress.ts';

/** Changes with how pictures become the extractor's input. */
const VERSION = 1;
const DIGEST_BYTES = 32;
/** Files looked at together. */
const FILES_AT_ONCE = 16;
/** Pictures decoded together, at full size: enough to keep the device busy. */
const PICTURES_AT_ONCE = 3;

/** The embedding of a picture and of its mirror image. */
export interface Pair {
  readonly plain: Float32Array;
  readonly mirrored: Float32Array;
}

/** The embeddings by one extractor. */
export class EmbeddingCache {
  readonly folder: string;
  readonly #key: string;
  readonly #width: number;

  /**
   * @param root holds the folders of all extractors
   * @param precision at which it runs: float16 gives other numbers
   */
  constructor(root: string, { kind, output, width, sha256, size, range }: VectorInfo, precision: Precision = 'f32') {
    const rounded = precision === 'f32' ? [] : [precision];
    const told = JSON.stringify([VERSION, sha256, output, kind, width, size, range, ...rounded]);
    this.#key = createHash('sha256').update(told).digest('hex');
    this.#width = width;
    this.folder = join(root, this.#key.slice(0, 16));
  }

  /** Reads a picture's pair; undefined where there is none, or a damaged one. */
  async read({ hash }: PictureFile): Promise<Pair | undefined> {
    const file = await readFile(this.#path(hash)).catch(() => undefined);
    if (file?.length !== DIGEST_BYTES + 8 * this.#width) return undefined;
    const bytes = new Uint8Array(file.subarray(DIGEST_BYTES));
    if (!file.subarray(0, DIGEST_BYTES).equals(this.#digest(hash, bytes))) return undefined;
    const both = new Float32Array(bytes.buffer);
    return { plain: both.subarray(0, this.#width), mirrored: both.subarray(this.#width) };
  }

  async write({ hash }: PictureFile, { plain, mirrored }: Pair): Promise<void> {
    const both = new Float32Array(2 * this.#width);
    both.set(plain);
    both.set(mirrored, this.#width);
    const bytes = new Uint8Array(both.buffer);
    await makeFolder(this.folder);
    await writeWhole(this.#path(hash), Buffer.concat([this.#digest(hash, bytes), bytes]));
  }

  /** The embedding of a picture or of its mirror image. @throws FormatError when it has gone since `complete`. */
  async get(file: PictureFile, mirror: boolean): Promise<Float32Array> {
    const pair = await this.read(file);
    if (pair) return mirror ? pair.mirrored : pair.plain;
    throw new FormatError({
      where: this.#path(file.hash),
      expected: 'the embedding found before',
      got: 'none or a damaged one',
      hint: 'go on with --resume, which computes it again',
    });
  }

  /** Computes what is missing or damaged, and says so. */
  async complete(files: readonly PictureFile[], extractor: Extractor, progress: Progress): Promise<void> {
    const start = performance.now();
    const missing: PictureFile[] = [];
    await eachOf(files, FILES_AT_ONCE, async (file) => {
      if (!(await this.read(file))) missing.push(file);
    });
    let done = 0;
    await eachOf(missing, PICTURES_AT_ONCE, async (file) => {
      const picture = await readImage(await bytesOf(file), { name: file.path });
      const [plain, mirrored] = [await extractor.embed(picture), await extractor.embed(picture, { mirror: true })];
      await this.write(file, { plain, mirrored });
      progress.embedding(++done, missing.length);
    });
    const took = missing.length ? `, in ${duration((performance.now() - start) / 1000)}` : '';
    progress.say(
      `embed    ${files.length} pictures, ${extractor.width} values each: ${missing.length} computed${took}, ${files.length - missing.length} from ${this.folder}`,
    );
  }

  #path(hash: string): string {
    return join(this.folder, `${hash}.f32`);
  }

  #digest(hash: string, bytes: Uint8Array): Buffer {
    return createHash('sha256').update(this.#key).update(hash).update(bytes).digest();
  }
}

/** The embedding of a picture or of its mirror image, computed. */
export async function embedded(file: PictureFile, mirror: boolean, extractor: Extractor): Promise<Float32Array> {
  return extractor.embed(await readImage(await bytesOf(file), { name: file.path }), { mirror });
}
