/**
 * Headers of tar archives: ustar and pax (POSIX.1-2017, "pax – portable archive interchange"), and GNU's long names and sizes.
 * A member is a header of 512 bytes and its content, filled up to whole blocks.
 */
import { FormatError } from '../runtime/errors.ts';

export const TAR_BLOCK = 512;
const UTF8 = new TextDecoder();

export interface TarHeader {
  readonly name: string;
  /** Bytes of the content. */
  readonly size: number;
  /** `name` and `pax`: the content tells something of the member that follows. */
  readonly kind: 'file' | 'name' | 'pax' | 'other';
}

/** What `pax` headers tell of the member that follows. */
export interface PaxValues {
  readonly name?: string | undefined;
  readonly size?: number | undefined;
}

const KINDS: Readonly<Record<string, TarHeader['kind']>> = {
  '0': 'file',
  '\0': 'file',
  '7': 'file',
  L: 'name',
  x: 'pax',
};
/** [offset, length] of the fields that are read. */
const NAME = [0, 100] as const;
const SIZE = [124, 12] as const;
const CHECKSUM = [148, 8] as const;
const TYPE = 156;
const MAGIC = [257, 5] as const;
const PREFIX = [345, 155] as const;

/**
 * Reads a header.
 *
 * @param block 512 bytes
 * @returns undefined for a block of zeros, with which archives end
 * @throws FormatError for what is no header
 */
export function decodeTarHeader(block: Uint8Array, where: string): TarHeader | undefined {
  if (block[0] === 0 && block.every((byte) => byte === 0)) return undefined;
  if (checksum(block) !== octal(block, CHECKSUM)) {
    const isGzip = block[0] === 0x1f && block[1] === 0x8b;
    throw new FormatError({
      where,
      expected: 'a tar archive',
      got: isGzip ? 'one that is compressed' : 'other bytes',
      hint: isGzip ? 'unpack it with gunzip: pictures in it are found by their place' : 'make it again',
    });
  }
  const prefix = block[PREFIX[0]] && text(block, MAGIC) === 'ustar' ? text(block, PREFIX) : '';
  const name = text(block, NAME);
  return {
    name: prefix ? `${prefix}/${name}` : name,
    size: sizeOf(block),
    kind: KINDS[String.fromCharCode(block[TYPE]!)] ?? 'other',
  };
}

/** Reads the records of a pax header, each `LENGTH KEY=VALUE\n`. */
export function decodePax(content: Uint8Array): PaxValues {
  const values = new Map<string, string>();
  for (let at = 0; at < content.length; ) {
    const space = content.indexOf(0x20, at);
    const length = Number(UTF8.decode(content.subarray(at, space)));
    if (space < 0 || !(length > space - at)) break;
    const [, key, value] = /^([^=]*)=(.*)\n$/s.exec(UTF8.decode(content.subarray(space + 1, at + length))) ?? [];
    if (key !== undefined) values.set(key, value!);
    at += length;
  }
  const size = values.get('size');
  return { name: values.get('path'), size: size === undefined ? undefined : Number(size) };
}

/** The sum of all bytes, those of the checksum itself as spaces. */
function checksum(block: Uint8Array): number {
  let sum = 0;
  for (let i = 0; i < TAR_BLOCK; i++) sum += block[i]!;
  for (let i = CHECKSUM[0]; i < CHECKSUM[0] + CHECKSUM[1]; i++) sum += 0x20 - block[i]!;
  return sum;
}

/** Sizes of 8 GiB and more are binary, GNU's way, and marked by the highest bit. */
function sizeOf(block: Uint8Array): number {
  const [offset, length] = SIZE;
  if (block[offset]! < 0x80) return octal(block, SIZE);
  return block.subarray(offset + 1, offset + length).reduce((value, byte) => value * 256 + byte, 0);
}

/** Digits between spaces and zeros. */
function octal(block: Uint8Array, [offset, length]: readonly [number, number]): number {
  let value = 0;
  for (let i = offset; i < offset + length; i++) {
    const digit = block[i]! - 0x30;
    if (digit >= 0 && digit < 8) value = value * 8 + digit;
  }
  return value;
}

function text(block: Uint8Array, [offset, length]: readonly [number, number]): string {
  const field = block.subarray(offset, offset + length);
  const end = field.indexOf(0);
  return UTF8.decode(end < 0 ? field : field.subarray(0, end));
}
