/** What is recorded of an embedding: which classifier it comes from, and how that is asked. */
import { FormatError } from '../runtime/errors.ts';

/** `logits`: before the softmax. `softmax`: behind it. `pooled`: what the last matrix product reads. */
export type EmbeddingKind = (typeof EMBEDDING_KINDS)[number];
export const EMBEDDING_KINDS = ['logits', 'softmax', 'pooled'] as const;

/** A feature extractor, as weights that were trained with it know it. Another one gives other features. */
export interface ExtractorInfo {
  readonly kind: EmbeddingKind;
  /** The name of the value in the classifier's file. */
  readonly output: string;
  /** Numbers in an embedding. */
  readonly width: number;
  /** Of the classifier's file, in hexadecimal. */
  readonly sha256: string;
  /** Pixels a side of its input. */
  readonly size: number;
  /** What it is fed with for black and for white. */
  readonly range: readonly [black: number, white: number];
}

/** What weights files and checkpoints say of it. */
export function embeddingMetadata(info: ExtractorInfo | undefined): Record<string, string> {
  if (!info) return { embedding: 'none', embedding_width: '0' };
  return {
    embedding: info.kind,
    embedding_width: String(info.width),
    embedding_output: info.output,
    embedding_sha256: info.sha256,
    embedding_size: String(info.size),
    embedding_range: info.range.join(),
  };
}

/** Reads it back; undefined for weights without an embedding. `name` is for messages. @throws FormatError */
export function decodeEmbedding(metadata: Readonly<Record<string, string>>, name: string): ExtractorInfo | undefined {
  const read = <T>(key: string, expected: string, parse: (text: string) => T | undefined): T => {
    const text = metadata[key];
    const value = text === undefined ? undefined : parse(text);
    if (value !== undefined) return value;
    throw new FormatError(`${name}: expected ${key} as ${expected}, got ${text === undefined ? 'none' : `'${text}'`}`);
  };
  const whole = (least: number) => (text: string) => {
    const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
    return value >= least ? value : undefined;
  };
  const kind = read('embedding', `none, ${EMBEDDING_KINDS.join(', ')}`, (text) =>
    ['none', ...EMBEDDING_KINDS].find((one) => one === text),
  ) as EmbeddingKind | 'none';
  if (kind === 'none') {
    read('embedding_width', '0, for weights without an embedding', (text) => (text === '0' ? 0 : undefined));
    return undefined;
  }
  return {
    kind,
    width: read('embedding_width', 'a whole number of at least 1', whole(1)),
    output: read('embedding_output', 'the name of a value', (text) => text || undefined),
    sha256: read('embedding_sha256', '64 hexadecimal digits', (text) => /^[0-9a-f]{64}$/.exec(text)?.[0]),
    size: read('embedding_size', 'a whole number of at least 1', whole(1)),
    range: read('embedding_range', "two different numbers, such as '-1,1'", parseRange),
  };
}

/** Reads `-1,1`; undefined for anything but two different finite numbers. */
export function parseRange(text: string): readonly [number, number] | undefined {
  const numbers = text.split(',').map((part) => (part.trim() ? Number(part) : Number.NaN));
  const [low, high] = numbers as [number, number];
  return numbers.length === 2 && numbers.every(Number.isFinite) && low !== high ? [low, high] : undefined;
}

/** An extractor in words. */
export function describeExtractor({ kind, output, width, sha256, size, range }: ExtractorInfo): string {
  return `${kind} of '${output}', ${width} values, from ${size} x ${size} pixels in ${range.join('…')}, SHA-256 ${sha256}`;
}

/**
 * Compares an extractor with the one that weights were trained with.
 *
 * @param name what messages call its file
 * @throws FormatError that says both, where they differ.
 */
export function expectExtractor(name: string, got: ExtractorInfo, trained: ExtractorInfo): void {
  const keys = ['sha256', 'output', 'width', 'kind', 'size', 'range'] as const;
  const differing = keys.filter((key) => String(got[key]) !== String(trained[key]));
  if (differing.length === 0) return;
  const list = (info: ExtractorInfo) => differing.map((key) => `${NAMES[key]} ${info[key]}`).join(', ');
  const remedy = differing[0] === 'sha256' ? 'use the file it was trained with' : 'use the options it was trained with';
  throw new FormatError(
    `${name}: expected the extractor of the training (${list(trained)}), got ${list(got)} – ${remedy}`,
  );
}

const NAMES: Readonly<Record<keyof ExtractorInfo, string>> = {
  sha256: 'SHA-256',
  output: 'output',
  width: 'width',
  kind: 'kind',
  size: 'size',
  range: 'range',
};
