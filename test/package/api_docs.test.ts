/** docs/api.md says what the doc comments say, of everything that the package exports. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { apiReference, packageExports } from '../../scripts/api_docs.js';

const root = resolve(import.meta.dirname, '../..');

test('the reference is fresh: npm run build && node scripts/docs.js', () => {
  expect(apiReference()).toBe(readFileSync(join(root, 'docs/api.md'), 'utf8'));
});

test('every export says what it is', () => {
  for (const { name, exports } of packageExports()) {
    expect(exports.length, name).toBeGreaterThan(0);
    expect(exports.filter(({ doc }) => doc.length === 0).map((each) => `${name} ${each.name}`)).toEqual([]);
  }
});

test.each(packageExports())('what $name exports at run time is what is described', ({ name, exports }) => {
  const code = `console.log(JSON.stringify(Object.keys(await import('${name}'))))`;
  // Inside the package, which can import itself by name.
  const out = execFileSync(process.execPath, ['--input-type=module', '-e', code], { cwd: root, encoding: 'utf8' });
  const values = exports.filter(({ typeOnly }) => !typeOnly).map((each) => each.name);
  expect(values).toEqual(JSON.parse(out).sort());
});
