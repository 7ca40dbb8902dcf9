/** Description of an embedding: which classifier it comes from, how that is asked, and what of its answer is used. */
import { FormatError } from '../runtime/errors.ts';
import type { NetworkConfig } from './network.ts';

/** `logits`: before the softmax. `softmax`: behind it. `pooled`: what the last matrix product reads. */
export type EmbeddingKind = (typeof EMBEDDING_KINDS)[number];
export const EMBEDDING_KINDS = ['logits', 'softmax', 'pooled'] as const;

/** A feature extractor, as weights that were trained with it know it. Another one gives other features. */
export type ExtractorInfo = VectorInfo | MapsInfo;

/** One vector for each picture. */
export interface VectorInfo {
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

/** Feature maps, aligned with the picture. */
export interface MapsInfo {
  readonly kind: 'maps';
  readonly maps: readonly MapInfo[];
  /** Of the classifier's file, in hexadecimal. */
  readonly sha256: string;
  /** Its input's pixels for each pixel of the network's, along a side. */
  readonly scale: number;
  /** What it is fed with for black and for white. */
  readonly range: readonly [black: number, white: number];
  /**
   * Pixels a side of a classifier that takes squares of one size: what it sees is squeezed into one, and its maps are
   * spread over the picture again. Undefined: it takes pictures of any size.
   */
  readonly size?: number | undefined;
}

/** One of a classifier's maps. */
export interface MapInfo {
  /** The name of the value in the classifier's file. */
  readonly output: string;
  readonly channels: number;
  /** Pixels of the classifier's input a side of one cell. */
  readonly stride: number;
  /** Standard deviation of its values on the pictures trained with, which the network sees divided by it. */
  readonly deviation: number;
}

/** Configuration of a network that is conditioned on the extractor. */
export function featuresOf(info: ExtractorInfo | undefined): Pick<NetworkConfig, 'embeddingWidth' | 'maps'> {
  if (info?.kind !== 'maps') return { embeddingWidth: info?.width ?? 0 };
  const { maps, scale } = info;
  return { embeddingWidth: 0, maps: maps.map(({ channels, stride }) => ({ channels, stride: stride / scale })) };
}

/** What weights files and checkpoints say of it. */
export function embeddingMetadata(info: ExtractorInfo | undefined): Record<string, string> {
  if (!info) return { embedding: 'none', embedding_width: '0' };
  if (info.kind === 'maps') {
    return {
      embedding: 'maps',
      embedding_maps: JSON.stringify(
        info.maps.map(({ output, channels, stride, deviation }) => [output, channels, stride, deviation]),
      ),
      embedding_scale: String(info.scale),
      ...(info.size !== undefined && { embedding_size: String(info.size) }),
      embedding_sha256: info.sha256,
      embedding_range: info.range.join(),
    };
  }
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
    throw new FormatError({
      where: name,
      expected: `${key} as ${expected}`,
      got: text === undefined ? 'none' : `'${text}'`,
    });
  };
  const whole = (least: number) => (text: string) => {
    const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
    return value >= least ? value : undefined;
  };
  const kind = read('embedding', `none, maps, ${EMBEDDING_KINDS.join(', ')}`, (text) =>
    (['none', 'maps', ...EMBEDDING_KINDS] as const).find((one) => one === text),
  );
  const sha256 = () => read('embedding_sha256', '64 hexadecimal digits', (text) => /^[0-9a-f]{64}$/.exec(text)?.[0]);
  const range = () => read('embedding_range', "two different numbers, such as '-1,1'", parseRange);
  if (kind === 'maps') {
    return {
      kind,
      maps: read('embedding_maps', 'a list of [name, channels, stride, deviation]', parseMaps),
      scale: read('embedding_scale', 'a whole number of at least 1', whole(1)),
      sha256: sha256(),
      range: range(),
      ...(metadata.embedding_size !== undefined && {
        size: read('embedding_size', 'a whole number of at least 1', whole(1)),
      }),
    };
  }
  if (kind === 'none') {
    read('embedding_width', '0, for weights without an embedding', (text) => (text === '0' ? 0 : undefined));
    return undefined;
  }
  return {
    kind,
    width: read('embedding_width', 'a whole number of at least 1', whole(1)),
    output: read('embedding_output', 'the name of a value', (text) => text || undefined),
    sha256: sha256(),
    size: read('embedding_size', 'a whole number of at least 1', whole(1)),
    range: range(),
  };
}

/** Reads the list of maps; undefined for anything else. */
function parseMaps(text: string): MapInfo[] | undefined {
  const isCount = (value: unknown) => Number.isSafeInteger(value) && (value as number) > 0;
  try {
    const rows: unknown = JSON.parse(text);
    if (!Array.isArray(rows) || rows.length === 0) return undefined;
    const maps = rows.map((row: unknown) => {
      const [output, channels, stride, deviation] = Array.isArray(row) ? (row as unknown[]) : [];
      const isMap = typeof output === 'string' && output !== '' && isCount(channels) && isCount(stride);
      if (!isMap || !Number.isFinite(deviation) || !((deviation as number) > 0)) return undefined;
      return { output, channels, stride, deviation } as MapInfo;
    });
    return maps.every((map) => map !== undefined) ? maps : undefined;
  } catch {
    return undefined;
  }
}

/** Reads `-1,1`; undefined for anything but two different finite numbers. */
export function parseRange(text: string): readonly [number, number] | undefined {
  const numbers = text.split(',').map((part) => (part.trim() ? Number(part) : Number.NaN));
  const [low, high] = numbers as [number, number];
  return numbers.length === 2 && numbers.every(Number.isFinite) && low !== high ? [low, high] : undefined;
}

/** An extractor in words. */
export function describeExtractor(info: ExtractorInfo): string {
  const { sha256, range } = info;
  if (info.kind === 'maps') {
    const maps = info.maps.map(
      ({ output, channels, stride }) => `'${output}' (${channels} channels, stride ${stride})`,
    );
    return `maps ${maps.join(', ')}, from pixels in ${range.join('…')} at ${info.scale} times the network's size${info.size ? `, squeezed to ${info.size} x ${info.size}` : ''}, SHA-256 ${sha256}`;
  }
  const { kind, output, width, size } = info;
  return `${kind} of '${output}', ${width} values, from ${size} x ${size} pixels in ${range.join('…')}, SHA-256 ${sha256}`;
}

/**
 * Compares an extractor with the one that weights were trained with.
 *
 * @param name what messages call its file
 * @throws FormatError that says both, where they differ.
 */
export function expectExtractor(name: string, got: ExtractorInfo, trained: ExtractorInfo): void {
  const [ours, theirs] = [told(got), told(trained)];
  const differing = Object.keys(NAMES).filter((key) => ours[key] !== theirs[key]);
  if (differing.length === 0) return;
  const list = (info: Readonly<Record<string, string>>) =>
    differing.map((key) => `${NAMES[key]} ${info[key] ?? 'none'}`).join(', ');
  const remedy = differing[0] === 'sha256' ? 'use the file it was trained with' : 'use the options it was trained with';
  throw new FormatError({
    where: name,
    expected: `the extractor of the training (${list(theirs)})`,
    got: list(ours),
    hint: remedy,
  });
}

/** What of an extractor decides its features, as text. How its maps are scaled afterwards is up to the training. */
function told(info: ExtractorInfo): Readonly<Record<string, string>> {
  const { kind, sha256, range } = info;
  const common = { kind, sha256, range: String(range) };
  if (info.kind === 'maps') {
    return {
      ...common,
      output: info.maps.map(({ output }) => output).join(),
      scale: String(info.scale),
      size: String(info.size ?? 'any'),
    };
  }
  return { ...common, output: info.output, width: String(info.width), size: String(info.size) };
}

const NAMES: Readonly<Record<string, string>> = {
  sha256: 'SHA-256',
  output: 'output',
  width: 'width',
  kind: 'kind',
  size: 'size',
  scale: 'scale',
  range: 'range',
};
