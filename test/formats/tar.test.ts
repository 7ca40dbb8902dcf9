/** Headers of tar archives. */
import { expect, test } from 'vitest';
import { decodePax, decodeTarHeader, TAR_BLOCK } from '../../src/formats/tar.ts';
import { header } from '../support/tar.ts';

test('name, size and kind of a member', () => {
  expect(decodeTarHeader(header('a/b.jpg', 1234), 't')).toEqual({ name: 'a/b.jpg', size: 1234, kind: 'file' });
  expect(decodeTarHeader(header('b.jpg', 0, '5', 'photos/1999'), 't')).toEqual({
    name: 'photos/1999/b.jpg',
    size: 0,
    kind: 'other',
  });
  expect(decodeTarHeader(header('././@LongLink', 120, 'L'), 't')).toMatchObject({ kind: 'name', size: 120 });
  expect(decodeTarHeader(header('./PaxHeaders/b', 40, 'x'), 't')).toMatchObject({ kind: 'pax' });
  const big = Buffer.alloc(12);
  big[0] = 0x80;
  big.writeUIntBE(20e9, 6, 6);
  expect(decodeTarHeader(header('big.jpg', big), 't')!.size).toBe(20e9);
});

test('an archive ends with zeros', () => {
  expect(decodeTarHeader(new Uint8Array(TAR_BLOCK), 't')).toBeUndefined();
});

test('what is no header is refused, and what is compressed is told to be unpacked', () => {
  const damaged = header('a.jpg', 5);
  damaged[3] = 0x41;
  expect(() => decodeTarHeader(damaged, 'x.tar')).toThrow('x.tar: expected a tar archive, got other bytes');
  const gzip = Buffer.alloc(TAR_BLOCK, 7);
  gzip.set([0x1f, 0x8b]);
  expect(() => decodeTarHeader(gzip, 'x.tar')).toThrow(/got one that is compressed – unpack it with gunzip/);
});

/** A record of a pax header: its length counts its own digits too. */
function record(key: string, value: string): Buffer {
  const rest = Buffer.from(` ${key}=${value}\n`);
  const length = [1, 2, 3].map((digits) => rest.length + digits).find((all) => `${all}`.length + rest.length === all);
  return Buffer.concat([Buffer.from(`${length}`), rest]);
}

test('pax records tell the path and the size', () => {
  const records = [record('mtime', '1700000000.123'), record('path', 'photo\nä.jpg'), record('size', '12345678901')];
  expect(decodePax(Buffer.concat(records))).toEqual({ name: 'photo\nä.jpg', size: 12345678901 });
  expect(decodePax(records[0]!)).toEqual({ name: undefined, size: undefined });
  expect(decodePax(Buffer.from('9999999999999'))).toEqual({ name: undefined, size: undefined });
});
