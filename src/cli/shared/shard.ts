/** Shards of a set of pictures: shares by a hash of their names, which processes can tell without asking each other. */
import { createHash } from 'node:crypto';
import { sep } from 'node:path';
import { parsed } from './options.ts';

/** One share of `count` about equal ones. */
export interface Shard {
  /** From 0. */
  readonly index: number;
  readonly count: number;
}

/** Bytes of the hash that decide: as many as a whole number holds exactly. */
const HASH_BYTES = 6;

/** The option `--shard I/N`. */
export const shard = parsed('I/N with I from 0 and below N, such as 0/8', (given): Shard | undefined => {
  const [, index, count] = /^(\d{1,9})\/(\d{1,9})$/.exec(given) ?? [];
  const found = { index: Number(index), count: Number(count) };
  return found.index < found.count ? found : undefined;
});

/**
 * The share that a picture belongs to: SHA-256 of its name, as a number, modulo the count.
 *
 * @param name its path inside the folder that was named; the same on every system, however it writes separators and accents
 */
export function shareOf(name: string, count: number): number {
  const digest = createHash('sha256').update(name.split(sep).join('/').normalize('NFC')).digest();
  return digest.readUIntBE(0, HASH_BYTES) % count;
}

/** Whether a picture belongs to a share; without one every picture does. */
export function isInShard(name: string, shard: Shard | undefined): boolean {
  return !shard || shareOf(name, shard.count) === shard.index;
}

/** `3/8`, as it was given. */
export function shardText({ index, count }: Shard): string {
  return `${index}/${count}`;
}
