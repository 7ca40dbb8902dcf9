/** Lines of a ledger: what makes two outputs the same, and what is no line. */
import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { type DoneLine, decodeLine, encodeLine, identityOf, type Recipe } from '../../../src/cli/ledger/line.ts';

const sha256 = 'ab'.repeat(32);
const recipe: Recipe = { weights: 'cd'.repeat(32), extractor: null, options: { strength: 1, border: 'auto' } };
const line: DoneLine = {
  result: 'colored',
  input: { folder: 'old', path: 'sub/a\u2028b.jpg', sha256, bytes: 3, modified: 1.5 },
  recipe,
  identity: identityOf({ sha256 }, recipe),
  output: { path: 'sub/a\u2028b.jpg', sha256, bytes: 4 },
  seconds: 0.25,
};

describe('identity', () => {
  const identity = identityOf({ sha256 }, recipe);

  test('is SHA-256 of what an output is made of, in whichever order options stand', () => {
    const told = [
      1,
      sha256,
      0,
      recipe.weights,
      null,
      [
        ['border', 'auto'],
        ['strength', 1],
      ],
    ];
    expect(identity).toBe(createHash('sha256').update(JSON.stringify(told)).digest('hex'));
    expect(identityOf({ sha256, page: 0 }, { ...recipe, options: { border: 'auto', strength: 1 } })).toBe(identity);
  });

  test.each<[string, string]>([
    ['another input', identityOf({ sha256: 'ac'.repeat(32) }, recipe)],
    ['another page', identityOf({ sha256, page: 1 }, recipe)],
    ['other weights', identityOf({ sha256 }, { ...recipe, weights: 'ce'.repeat(32) })],
    ['another extractor', identityOf({ sha256 }, { ...recipe, extractor: sha256 })],
    ['another option', identityOf({ sha256 }, { ...recipe, options: { strength: 2, border: 'auto' } })],
    ['one option less', identityOf({ sha256 }, { ...recipe, options: { strength: 1 } })],
  ])('is another for %s', (_, other) => {
    expect(other).not.toBe(identity);
  });
});

test('what is encoded is decoded, on one line', () => {
  const time = new Date('2026-11-29T03:00:00Z');
  const text = encodeLine(line, time, 'koalarize 0.1.0').toString();
  expect(text.indexOf('\n')).toBe(text.length - 1);
  const told = { version: 1, time: '2026-11-29T03:00:00.000Z', program: 'koalarize 0.1.0', ...line };
  expect(JSON.parse(text)).toEqual(told);
  expect(decodeLine(text.slice(0, -1))).toEqual(told);
});

test('what is cut short anywhere, of another version or incomplete is no line', () => {
  const text = encodeLine(line, new Date(), 'koalarize').toString().trimEnd();
  for (let end = 0; end < text.length; end++)
    expect(decodeLine(text.slice(0, end)), text.slice(0, end)).toBeUndefined();
  const { version, ...rest } = JSON.parse(text);
  const bad = [
    { ...rest, version: version + 1 },
    { ...rest, version, identity: undefined },
    { ...rest, version, result: 'toString' },
    { ...rest, version, output: { path: 7 } },
    { ...rest, version, input: { folder: 'old' } },
    null,
    7,
    [],
  ];
  for (const one of bad) expect(decodeLine(JSON.stringify(one)), JSON.stringify(one)).toBeUndefined();
});
