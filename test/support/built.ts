/** Paths of built files, dist/…, for tests of programs and pages as users have them: refused where they are stale. */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';

const ROOT = resolve(import.meta.dirname, '../..');
/** What dist/ is built from. */
const SOURCES = ['src', 'shaders', 'web', 'scripts'];

/** The path of a built file. @throws Error where dist/ is missing, or older than what it is built from. */
export function built(path: string): string {
  expectFresh(ROOT);
  return join(ROOT, 'dist', path);
}

/** @throws Error unless the package in folder `root` is built, after the last change of its sources. */
export function expectFresh(root: string): void {
  const cli = join(root, 'dist/cli.js');
  if (!existsSync(cli)) throw new Error('dist/: expected a build, got none – npm run build');
  const time = statSync(cli).mtimeMs;
  const newer = SOURCES.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name)),
  ).find((file) => statSync(join(root, file)).isFile() && statSync(join(root, file)).mtimeMs > time);
  if (newer)
    throw new Error(`dist/: expected a build newer than its sources, got one older than ${newer} – npm run build`);
}
