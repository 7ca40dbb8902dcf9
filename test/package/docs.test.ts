/** docs/ is true where a test can tell: its links lead somewhere, its code is the source's, its picture can be read. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { withListings } from '../../scripts/docs.js';

const root = resolve(import.meta.dirname, '../..');
const read = (name: string) => readFileSync(join(root, name), 'utf8');
const pages = readdirSync(join(root, 'docs')).filter((name) => name.endsWith('.md'));
const all = [
  'README.md',
  'CONTRIBUTING.md',
  'CHANGELOG.md',
  'weights/README.md',
  ...pages.map((name) => `docs/${name}`),
];

/** What GitHub calls the headings of a page in addresses. */
function anchors(markdown: string): Set<string> {
  const headings = markdown.replace(/^```[\s\S]*?^```/gm, '').matchAll(/^#+ (.*)$/gm);
  const slug = (text: string) =>
    text
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-');
  return new Set([...headings].map(([, text]) => slug(text!)));
}

test.each(all)('every file and heading that %s names exists', (page) => {
  const text = read(page);
  const links = [...text.matchAll(/\]\((?!https?:)([^)#\s]*)(?:#([^)\s]*))?\)/g)];
  expect(links.length).toBeGreaterThan(0);
  for (const [link, path, anchor] of links) {
    const target = join(dirname(page), path || basename(page));
    expect(existsSync(join(root, target)), link).toBe(true);
    if (anchor) expect(anchors(read(target)), link).toContain(anchor);
  }
  for (const [, file] of text.matchAll(/`((?:src|test|shaders|examples)\/[\w/.-]+\.\w+)`/g)) {
    if (!/NAME/.test(file!)) expect(existsSync(join(root, file!)), file).toBe(true);
  }
});

/** British spellings; written so that this file has none. */
const BRITISH =
  /\w*(?:colo[u]r|neighbo[u]r|optimi[s]|normali[s]|speciali[s]|behavio[u]r|licen[c]e|favo[u]r|cent[r]e\b)\w*/gi;
/** What others call things, the former names of fields, and a diary that quotes old commands and what they printed. */
const QUOTED = /toColo[u]rspace|pipelineColo[u]rspace/g;
const mayBeBritish = [
  'src/cli/shared/former_names.ts',
  'test/cli/shared/former_names.test.ts',
  'docs/weights-history.md',
];

test.each(['src', 'shaders', 'web', 'bench', 'scripts', 'examples', 'test', 'docs'])(
  '%s/ is in American English',
  (folder) => {
    for (const name of readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })) {
      const path = `${folder}/${name.replaceAll('\\', '/')}`;
      if (!/\.(ts|js|wgsl|md|html|css)$/.test(path) || mayBeBritish.includes(path)) continue;
      expect(read(path).replace(QUOTED, '').match(BRITISH), path).toBeNull();
    }
  },
);

test.each(all)('%s is in American English', (page) => {
  // Code may have former names.
  if (!mayBeBritish.includes(page))
    expect(
      read(page)
        .replace(/`[^`]*`/g, '')
        .match(BRITISH),
    ).toBeNull();
});

test('README leads to every page', () => {
  for (const page of pages) expect(read('README.md')).toContain(`](docs/${page})`);
});

test('kernel and op shown are those that run: node scripts/docs.js', () => {
  const listings = ['kernels', 'ops'].map((name) => read(`docs/${name}.md`)).join('\n');
  expect(withListings(listings)).toBe(listings);
  expect(listings.match(/^<!-- \[listing\]/gm)).toHaveLength(3);
  // A listing that is not the file's is noticed.
  expect(withListings(listings.replace('dy[i] * (1.0 - y[i])', 'dy[i]'))).toBe(listings);
});

test('the picture has colors for light and dark, and words for those who do not see it', () => {
  const svg = read('docs/architecture.svg');
  expect(svg).toMatch(/<title id="title">.+<\/title>\s*<desc id="desc">.+<\/desc>/);
  expect(svg).toContain('@media (prefers-color-scheme: dark)');
  expect(read('docs/architecture.md')).toMatch(/!\[[^\]]{20,}\]\(architecture\.svg\)/);
});
