/** What counts as the error that is meant: each of its fields does. */
import { expect, test } from 'vitest';
import { FormatError, ShapeError } from '../../src/runtime/errors.ts';
import { refusal } from './refusal.ts';

const parts = { where: 'pad', expected: 'extents of 1 or more', got: '[2, 0]' };
const fail = () => {
  throw new ShapeError(parts);
};

test('an error of that class, place and value is matched, thrown and rejected', async () => {
  expect(fail).toThrow(refusal('ShapeError', 'pad', '[2, 0]'));
  expect(fail).toThrow(refusal('ShapeError', 'pad', '[2, 0]', '1 or more'));
  await expect((async () => fail())()).rejects.toThrow(refusal('ShapeError', 'pad', '[2, 0]'));
});

test('one of another class, place, value or reason is not', () => {
  expect(() => {
    throw new FormatError(parts);
  }).not.toThrow(refusal('ShapeError', 'pad', '[2, 0]'));
  for (const [where, got, expected] of [
    ['slice', '[2, 0]', ''],
    ['pad', '[2]', ''],
    ['pad', '[2, 0]', '2 or more'],
  ] as const) {
    expect(fail).not.toThrow(refusal('ShapeError', where, got, expected));
  }
  expect(() => {
    throw new ShapeError('pad: expected extents of 1 or more, got [2, 0]');
  }).not.toThrow(refusal('ShapeError', 'pad', '[2, 0]'));
});
