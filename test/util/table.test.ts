/** Tables of text: columns are aligned, however they are printed. */
import { expect, test } from 'vitest';
import { labelTable, table, tableLine } from '../../src/util/table.ts';

test('columns are as wide as their widest cell, and at least as wide as said', () => {
  const rows = [
    ['', 'passed', 'share'],
    ['all', '7', '100.0 %'],
    ['a longer label', '1234567', ''],
  ];
  expect(table(rows, [{ width: 4 }, { align: 'right' }, { width: 9, align: 'right' }], 2)).toBe(
    [
      '                   passed      share\n',
      '  all                   7    100.0 %\n',
      '  a longer label  1234567\n',
    ].join(''),
  );
  expect(table(rows)).toBe(
    '                passed   share\nall             7        100.0 %\na longer label  1234567\n',
  );
  expect(table([])).toBe('');
});

test('rows of different lengths are one table', () => {
  expect(table([['a'], ['b', 'c'], []])).toBe('a\nb  c\n\n');
});

test('a line alone has the widths it is given; what is wider moves the rest', () => {
  const columns = [{ width: 5 }, { width: 4, align: 'right' }] as const;
  expect(tableLine(['ab', '1'], columns)).toBe('ab        1');
  expect(tableLine(['abcdefg', '1', 'note'], columns)).toBe('abcdefg     1  note');
  expect(tableLine(['ab', ''], columns)).toBe('ab');
});

test('labels have their values beside them, long lists broken at commas', () => {
  const list = Array.from({ length: 30 }, (_, i) => `feature ${i}`).join(', ');
  const lines = labelTable([
    ['name', 'llvmpipe'],
    ['features', list],
  ]).split('\n');
  expect(lines[0]).toBe('  name      llvmpipe');
  expect(lines.slice(1, -1).every((line) => line.length <= 110)).toBe(true);
  expect(lines[1]).toMatch(/^ {2}features {2}feature 0, .*,$/);
  for (const line of lines.slice(2, -1)) expect(line).toMatch(/^ {12}feature \d/);
  const joined = lines.slice(1, -1).map((line) => line.slice(12));
  expect(joined.join(' ')).toBe(list);
  expect(labelTable([])).toBe('');
});

test('what a terminal would obey is spelled out, and has its width', () => {
  expect(
    table([
      ['\u001b[1m', 'x'],
      ['a', 'y'],
    ]),
  ).toBe('\\u001b[1m  x\na          y\n');
});
