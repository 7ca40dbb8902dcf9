/**
 * Manifest of an output folder: all photographs that are to be colored, and how; `.koalarize.manifest.jsonl`, a line of JSON
 * for each behind a first one for all. It is written once, before the queue: what is left to do is the manifest without
 * what the ledger has.
 */
import { randomBytes } from 'node:crypto';
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { FormatError } from '../../runtime/errors.ts';
import { codeOf, readError, writeError } from '../../runtime/file_errors.ts';
import { makeFolder, UNFINISHED } from '../../runtime/node/whole_file.ts';
import type { ColorizeValues } from '../colorize/options.ts';
import type { Job } from '../colorize/plan.ts';
import { linesOf } from '../ledger/file.ts';
import type { LedgerInput, Recipe } from '../ledger/line.ts';

/** Changes with what lines mean. */
const VERSION = 1;
/** Bytes that are written at a time. */
const CHUNK = 2 ** 20;

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

export function manifestPath(folder: string): string {
  return join(folder, '.koalarize.manifest.jsonl');
}

/** Writes a manifest of jobs, whole or not at all. @returns how many photographs it has. @throws EnvironmentError */
export async function writeManifest(
  folder: string,
  head: ManifestHead,
  jobs: AsyncIterable<readonly Job[]>,
  lineOf: (job: Job) => ManifestLine,
): Promise<number> {
  const path = manifestPath(folder);
  await makeFolder(folder);
  const temporary = join(folder, `.${randomBytes(6).toString('hex')}${UNFINISHED}`);
  let file: FileHandle | undefined;
  try {
    file = await open(temporary, 'wx');
    let text = `${JSON.stringify(head)}\n`;
    let count = 0;
    for await (const some of jobs) {
      for (const job of some) text += `${JSON.stringify(lineOf(job))}\n`;
      count += some.length;
      if (text.length < CHUNK) continue;
      await file.writeFile(text);
      text = '';
    }
    await file.writeFile(text);
    await file.sync();
    await file.close();
    await rename(temporary, path);
    return count;
  } catch (cause) {
    await file?.close().catch(() => undefined);
    await rm(temporary, { force: true }).catch(() => undefined);
    // What the jobs themselves threw is said as it is.
    throw codeOf(cause) === undefined ? cause : writeError(path, cause as Error);
  }
}

/** Reads the first line; undefined where there is no manifest. @throws EnvironmentError, FormatError */
export async function readHead(folder: string): Promise<ManifestHead | undefined> {
  const path = manifestPath(folder);
  try {
    for await (const line of linesOf(path)) return headOf(path, line);
  } catch (cause) {
    if (codeOf(cause) === 'ENOENT') return undefined;
    throw cause;
  }
  return headOf(path, '');
}

function headOf(path: string, line: string): ManifestHead {
  const head = json(line) as Partial<ManifestHead> | undefined;
  if (head?.manifest === VERSION && head.id && head.recipe && head.options) return head as ManifestHead;
  throw new FormatError({
    where: path,
    expected: `a manifest of version ${VERSION} in the first line`,
    got: `'${line.slice(0, 60)}'`,
    hint: "'koalarize enqueue … --rescan' writes a new one",
  });
}

/** Reads a manifest block by block. @throws EnvironmentError, FormatError */
export async function* readBlocks(folder: string, perJob: number): AsyncGenerator<Block> {
  const path = manifestPath(folder);
  let [index, at, bytes, number] = [0, 0, 0, 0];
  let lines: ManifestLine[] = [];
  for await (const text of linesOf(path)) {
    const length = Buffer.byteLength(text) + 1;
    if (number++ === 0) {
      at = length;
      continue;
    }
    lines.push(lineOf(text, path));
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
export async function readBlock(folder: string, { at, bytes }: Pick<Block, 'at' | 'bytes'>): Promise<ManifestLine[]> {
  const path = manifestPath(folder);
  const buffer = Buffer.alloc(bytes);
  try {
    const file = await open(path);
    try {
      await file.read(buffer, 0, bytes, at);
    } finally {
      await file.close();
    }
  } catch (cause) {
    throw readError(path, 'a manifest', cause as Error);
  }
  const texts = buffer.toString('utf8').split('\n').slice(0, -1);
  return texts.map((text) => lineOf(text, path));
}

function lineOf(text: string, path: string): ManifestLine {
  const line = json(text) as Partial<ManifestLine> | undefined;
  if (typeof line?.folder === 'string' && typeof line.path === 'string' && typeof line.output === 'string') {
    return line as ManifestLine;
  }
  throw new FormatError({ where: path, expected: 'a photograph in each line', got: `'${text.slice(0, 60)}'` });
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
