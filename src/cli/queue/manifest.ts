/**
 * Manifest of an output folder or bucket: all photographs that are to be colored, and how; `.koalarize.manifest.jsonl`, a line of JSON
 * for each behind a first one for all. It is written once, before the queue: what is left to do is the manifest without
 * what the ledger has.
 */
import { FormatError } from '../../runtime/errors.ts';
import type { ColorizeValues } from '../colorize/options.ts';
import type { Job } from '../colorize/plan.ts';
import { linesOf } from '../ledger/file.ts';
import type { LedgerInput, Recipe } from '../ledger/line.ts';
import type { FileStore } from '../storage/store.ts';

/** Changes with what lines mean. */
const VERSION = 1;
/** Its name. */
export const MANIFEST = '.koalarize.manifest.jsonl';
/** Lines that are written at a time. */
const AT_ONCE = 1000;

/** The first line. */
export interface ManifestHead {
  readonly manifest: typeof VERSION;
  /** Random: no other manifest has it. */
  readonly id: string;
  /** Folders and files that were named, absolute. */
  readonly inputs: readonly string[];
  /** Options of coloring that were given. */
  readonly options: ColorizeValues;
  readonly recipe: Recipe;
  /** Photographs of a job. */
  readonly perJob: number;
}

/** A photograph. The output's path is inside the folder, with `/` between folders. */
export type ManifestLine = Pick<LedgerInput, 'folder' | 'path' | 'page'> & { readonly output: string };

/** Lines of a manifest that are a job. */
export interface Block {
  /** From 0. */
  readonly index: number;
  readonly at: number;
  readonly bytes: number;
  readonly lines: readonly ManifestLine[];
}

/** Writes a manifest of jobs, whole or not at all. @returns how many photographs it has. @throws EnvironmentError */
export async function writeManifest(
  store: FileStore,
  head: ManifestHead,
  jobs: AsyncIterable<readonly Job[]>,
  lineOf: (job: Job) => ManifestLine,
): Promise<number> {
  let count = 0;
  async function* texts() {
    yield `${JSON.stringify(head)}\n`;
    for await (const some of jobs) {
      count += some.length;
      // Photographs of one folder may be many.
      for (let at = 0; at < some.length; at += AT_ONCE) {
        const lines = some.slice(at, at + AT_ONCE).map((job) => `${JSON.stringify(lineOf(job))}\n`);
        yield lines.join('');
      }
    }
  }
  await store.writeTexts(MANIFEST, texts());
  return count;
}

/** Reads the first line; undefined where there is no manifest. @throws EnvironmentError, FormatError */
export async function readHead(store: FileStore): Promise<ManifestHead | undefined> {
  const where = store.place(MANIFEST);
  if (!(await store.stat(MANIFEST))) return undefined;
  for await (const line of linesOf(store.stream(MANIFEST, 'a manifest'))) return headOf(where, line);
  return headOf(where, '');
}

function headOf(where: string, line: string): ManifestHead {
  const head = json(line) as Partial<ManifestHead> | undefined;
  if (head?.manifest === VERSION && head.id && head.recipe && head.options) return head as ManifestHead;
  throw new FormatError({
    where,
    expected: `a manifest of version ${VERSION} in the first line`,
    got: `'${line.slice(0, 60)}'`,
    hint: "'koalarize enqueue … --rescan' writes a new one",
  });
}

/** Reads a manifest block by block. @throws EnvironmentError, FormatError */
export async function* readBlocks(store: FileStore, perJob: number): AsyncGenerator<Block> {
  const where = store.place(MANIFEST);
  let [index, at, bytes, number] = [0, 0, 0, 0];
  let lines: ManifestLine[] = [];
  for await (const text of linesOf(store.stream(MANIFEST, 'a manifest'))) {
    const length = Buffer.byteLength(text) + 1;
    if (number++ === 0) {
      at = length;
      continue;
    }
    lines.push(lineOf(text, where));
    bytes += length;
    if (lines.length < perJob) continue;
    yield { index: index++, at, bytes, lines };
    at += bytes;
    bytes = 0;
    lines = [];
  }
  if (lines.length) yield { index, at, bytes, lines };
}

/** Reads the lines of one block. @throws EnvironmentError, FormatError */
export async function readBlock(store: FileStore, { at, bytes }: Pick<Block, 'at' | 'bytes'>): Promise<ManifestLine[]> {
  const block = await store.readPart(MANIFEST, 'a manifest', at, bytes);
  const texts = Buffer.from(block).toString('utf8').split('\n').slice(0, -1);
  return texts.map((text) => lineOf(text, store.place(MANIFEST)));
}

function lineOf(text: string, where: string): ManifestLine {
  const line = json(text) as Partial<ManifestLine> | undefined;
  if (typeof line?.folder === 'string' && typeof line.path === 'string' && typeof line.output === 'string') {
    return line as ManifestLine;
  }
  throw new FormatError({ where, expected: 'a photograph in each line', got: `'${text.slice(0, 60)}'` });
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
