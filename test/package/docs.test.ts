/** docs/ is true where a test can tell: its links lead somewhere, its code is the source's, its picture can be read. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';

const root = resolve(import.meta.dirname, '../..');
const read = (name: string) => readFileSync(join(root, name), 'utf8');
const pages = readdirSync(join(root, 'docs')).filter((name) => name.endsWith('.md'));

test.each(pages)('every file that %s names exists', (page) => {
  const text = read(`docs/${page}`);
  const links = [...text.matchAll(/\]\(([^)#]+)(?:#[^)]*)?\)/g)].map(([, link]) => link!);
  expect(links.length).toBeGreaterThan(1);
  for (const link of links) expect(existsSync(join(root, 'docs', link)), link).toBe(true);
  for (const [, file] of text.matchAll(/`((?:src|test|shaders|examples)\/[\w/.-]+\.\w+)`/g)) {
    if (!/NAME/.test(file!)) expect(existsSync(join(root, file!)), file).toBe(true);
  }
});

test('README leads to every page', () => {
  for (const page of pages) expect(read('README.md')).toContain(`](docs/${page})`);
});

test('the op shown is the one that runs', () => {
  expect(read('docs/ops.md')).toContain(`\`\`\`ts\n${read('src/graph/ops/tanh.ts')}\`\`\``);
});

test('the picture has colours for light and dark, and words for those who do not see it', () => {
  const svg = read('docs/architecture.svg');
  expect(svg).toMatch(/<title id="title">.+<\/title>\s*<desc id="desc">.+<\/desc>/);
  expect(svg).toContain('@media (prefers-color-scheme: dark)');
  expect(read('docs/architecture.md')).toMatch(/!\[[^\]]{20,}\]\(architecture\.svg\)/);
});
