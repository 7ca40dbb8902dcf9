/** docs/onnx.md lists the operators that there are. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { NEWEST_OPSET } from '../../../src/onnx/import.ts';
import { operators } from '../../../src/onnx/operators/index.ts';

const text = readFileSync(join(import.meta.dirname, '../../../docs/onnx.md'), 'utf8');
const rows = text.split('\n').filter((line) => /^\| [A-Z]/.test(line));
const names = (cell: string) => [...cell.matchAll(/`([A-Z]\w+)`/g)].map(([, name]) => name!);

test('the table has every operator once, and no other', () => {
  const listed = rows.flatMap((row) => names(row.split('|')[2]!));
  expect(listed.sort()).toEqual([...operators.keys()].sort());
});

test('limits are of operators in the same row', () => {
  for (const row of rows) {
    const [, , listed, limits] = row.split('|');
    for (const name of names(limits!)) expect(names(listed!), row).toContain(name);
  }
});

test('it names the newest opset', () => {
  expect(text).toContain(`opsets 1 to ${NEWEST_OPSET} of`);
});
