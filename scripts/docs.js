/**
 * Brings up to date what docs/ quotes from the source: the API reference, and listings of whole files, which stand behind
 * `<!-- [listing](PATH) -->`.
 *
 *   npm run build && node scripts/docs.js
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { apiReference } from './api_docs.js';

const docs = resolve(dirname(fileURLToPath(import.meta.url)), '../docs');

/** Returns a page of docs/ with its listings as the files are. @param {string} text @returns {string} */
export function withListings(text) {
  return text.replace(/(<!-- \[listing\]\((.+?)\) -->\n```(\w+)\n)[\s\S]*?^```$/gm, (_, head, path) => {
    return `${head}${readFileSync(join(docs, path), 'utf8')}\`\`\``;
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const name of readdirSync(docs).filter((file) => file.endsWith('.md'))) {
    const page = readFileSync(join(docs, name), 'utf8');
    const fresh = withListings(page);
    if (fresh !== page) writeFileSync(join(docs, name), fresh);
  }
  writeFileSync(join(docs, 'api.md'), apiReference());
}
