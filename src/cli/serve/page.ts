/** Files of the web page (dist/web/), held in memory; what is not among them does not exist. */
import { readdirSync, readFileSync } from 'node:fs';
import { extname, join, sep } from 'node:path';
import { EnvironmentError } from '../../runtime/errors.ts';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.jpg': 'image/jpeg',
};
/** Names with a hash of their content: they never change. */
const HASHED = /-[0-9A-Za-z]{8,}\.\w+$/;

export interface PageFile {
  readonly body: Buffer;
  readonly headers: Readonly<Record<string, string>>;
}

/** Reads the page. @returns files by their paths, such as `/` and `/index.js`. @throws EnvironmentError where there is none */
export function readPage(folder: string): ReadonlyMap<string, PageFile> {
  const files = new Map<string, PageFile>();
  try {
    for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      const path = join(entry.parentPath, entry.name);
      const name = path.slice(join(folder, sep).length).replaceAll(sep, '/');
      const headers = {
        'content-type': TYPES[extname(name)] ?? 'application/octet-stream',
        'cache-control': HASHED.test(name) ? 'public, max-age=31536000, immutable' : 'no-cache',
      };
      files.set(`/${name}`, { body: readFileSync(path), headers });
    }
    files.set('/', files.get('/index.html')!);
    if (files.get('/')) return files;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ENOENT') throw cause;
  }
  const hint = 'npm run build makes it; or leave out --page';
  throw new EnvironmentError({ where: folder, expected: 'the page, with its index.html', got: 'none', hint });
}
