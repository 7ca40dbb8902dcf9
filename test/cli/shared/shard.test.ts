/** Shards: each name in one of them, about as many in each, and the same ones for ever. */
import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { isInShard, type Shard, shard, shardText, shareOf } from '../../../src/cli/shared/shard.ts';

test.each([
  ['0/1', { index: 0, count: 1 }],
  ['6/7', { index: 6, count: 7 }],
  ['0010/100', { index: 10, count: 100 }],
  ['7/7', undefined],
  ['1/0', undefined],
  ['0/0', undefined],
  ['-1/7', undefined],
  ['1', undefined],
  ['1/2/3', undefined],
  ['a/b', undefined],
  ['1.5/3', undefined],
  ['', undefined],
])('--shard %s', (given, expected) => {
  expect(shard.read(given)).toEqual(expected);
  if (expected) expect(shard.read(shardText(expected))).toEqual(expected);
});

test('each of 2,800 names is in one of 7 shards, and about 400 are in each', () => {
  const names = Array.from({ length: 2800 }, (_, i) => `album ${i % 13}/photo-${i}.jpg`);
  const shards = Array.from({ length: 7 }, (_, index): Shard => ({ index, count: 7 }));
  const members = shards.map((one) => names.filter((name) => isInShard(name, one)));
  expect(members.flat().sort()).toEqual(names.sort());
  // Four standard deviations of a fair draw: sqrt(2800 * 1/7 * 6/7) = 18.5.
  for (const { length } of members) expect(Math.abs(length - 400)).toBeLessThan(4 * 18.5);
  expect(names.every((name) => isInShard(name, undefined))).toBe(true);
});

test('it is SHA-256 of the name, whose first six bytes are a number, however accents are written', () => {
  const name = 'Großmutter/é.jpg';
  const digest = createHash('sha256').update(name.normalize('NFC')).digest('hex');
  expect(shareOf(name, 1000)).toBe(Number.parseInt(digest.slice(0, 12), 16) % 1000);
  expect(shareOf(name.normalize('NFD'), 1000)).toBe(shareOf(name, 1000));
  // Held by other runs of the same shards: it may never change.
  expect([shareOf('a.jpg', 7), shareOf('sub/b.png', 7), shareOf('c.tif', 1000)]).toEqual([2, 0, 310]);
});
