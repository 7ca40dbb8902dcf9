/**
 * Lines of a ledger: what became of one photograph each, as JSON. A ledger is a list of such lines, in a file or in several;
 * of the lines for one output the latest holds.
 */
import { createHash } from 'node:crypto';

/** Changes with what lines mean. */
const VERSION = 1;

/** What a photograph is colored with: all that decides the picture, beside itself. */
export interface Recipe {
  /** SHA-256 of the weights' file, hexadecimal. */
  readonly weights: string;
  /** SHA-256 of the feature extractor's file; null without one. */
  readonly extractor: string | null;
  /** Options that change the picture, defaults filled in. */
  readonly options: Readonly<Record<string, string | number | boolean>>;
}

/** A photograph, as it was read. */
export interface LedgerInput {
  /** The folder that was named, as it was written. */
  readonly folder: string;
  /** Inside of that, with `/` between folders. */
  readonly path: string;
  /** From 0; missing for the first. */
  readonly page?: number;
  readonly sha256: string;
  readonly bytes: number;
  /** When the file was last changed, in milliseconds since 1970. While it and `bytes` stay, so does `sha256`. */
  readonly modified: number;
}

/** A file that was written. */
export interface LedgerOutput {
  /** Inside the ledger's folder, with `/` between folders. */
  readonly path: string;
  readonly sha256: string;
  readonly bytes: number;
}

/** A photograph that was colored, or kept because it has colors already. */
export interface DoneLine {
  readonly result: 'colored' | 'kept';
  readonly input: LedgerInput;
  readonly recipe: Recipe;
  /** `identityOf` what it is made of. */
  readonly identity: string;
  readonly output: LedgerOutput;
  readonly seconds: number;
}

/** A photograph that could not be colored. Of one that could not be read there is no hash. */
export interface FailedLine {
  readonly result: 'failed';
  readonly input: Pick<LedgerInput, 'folder' | 'path' | 'page'> & Partial<LedgerInput>;
  readonly recipe: Recipe;
  /** What would have been written. */
  readonly output: Pick<LedgerOutput, 'path'>;
  readonly seconds: number;
  readonly reason: string;
}

/** An output that is to be made again. */
export interface RedoLine {
  readonly result: 'redo';
  /** The photograph that it was made of, if that is known. */
  readonly input?: Pick<LedgerInput, 'folder' | 'path' | 'page'>;
  readonly output: Pick<LedgerOutput, 'path'>;
  readonly reason: string;
}

export type LedgerLine = DoneLine | FailedLine | RedoLine;

/** A line as it stands in a file. */
export type WrittenLine = LedgerLine & { readonly time: string };

/** The identity of an output: SHA-256 of what it is made of. Equal where the output would be. */
export function identityOf({ sha256, page = 0 }: Pick<LedgerInput, 'sha256' | 'page'>, recipe: Recipe): string {
  const { weights, extractor, options } = recipe;
  const sorted = Object.entries(options).sort(([one], [other]) => (one < other ? -1 : 1));
  return createHash('sha256')
    .update(JSON.stringify([VERSION, sha256, page, weights, extractor, sorted]))
    .digest('hex');
}

/** Encodes a line, with its end. @param program who writes it: `koalarize 0.1.0` */
export function encodeLine(line: LedgerLine, time: Date, program: string): Buffer {
  return Buffer.from(`${JSON.stringify({ version: VERSION, time: time.toISOString(), program, ...line })}\n`);
}

/** What may be there of a line that somebody else wrote. */
interface LooseLine {
  readonly version?: unknown;
  readonly time?: unknown;
  readonly result?: unknown;
  readonly input?: Partial<LedgerInput>;
  readonly recipe?: unknown;
  readonly identity?: unknown;
  readonly output?: Partial<LedgerOutput>;
}

/** Reads a line; undefined for one that is cut short, damaged, or of another version. */
export function decodeLine(text: string): WrittenLine | undefined {
  let line: LooseLine | null;
  try {
    line = JSON.parse(text);
  } catch {
    return undefined;
  }
  const { version, time, result, input, output, recipe, identity } = line ?? {};
  const areTexts = (...values: unknown[]) => values.every((value) => typeof value === 'string');
  if (version !== VERSION || !areTexts(time, output?.path)) return undefined;
  const isTried = areTexts(input?.path, input?.folder) && typeof recipe === 'object';
  const isDone = isTried && areTexts(identity, input?.sha256, output?.sha256);
  const isWhole = new Map<unknown, boolean>([
    ['redo', true],
    ['failed', isTried],
    ['colored', isDone],
    ['kept', isDone],
  ]);
  return isWhole.get(result) ? (line as WrittenLine) : undefined;
}
