/** `import text from './page.ts?inline'`: a script or style for browsers, bundled, as text. For the build and for tests. */
import { dirname, resolve } from 'node:path';
import { build } from 'esbuild';

const SUFFIX = '?inline';

/** Bundles a file for browsers. @param {string} path @returns {Promise<string>} what stands inside a page */
async function bundled(path) {
  const { outputFiles } = await build({
    entryPoints: [path],
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    platform: 'browser',
    target: 'es2023',
    charset: 'utf8',
  });
  return outputFiles[0].text.trim();
}

/** @type {import('esbuild').Plugin} */
export const inlineForBuild = {
  name: 'inline',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /\?inline$/ }, ({ path, resolveDir }) => ({
      path: resolve(resolveDir, path.slice(0, -SUFFIX.length)),
      namespace: 'inline',
    }));
    onLoad({ filter: /./, namespace: 'inline' }, async ({ path }) => ({
      contents: await bundled(path),
      loader: 'text',
      watchFiles: [path],
    }));
  },
};

const PREFIX = '\0inline:';

/** The same for vitest. */
export const inlineForTests = {
  name: 'inline',
  enforce: /** @type {const} */ ('pre'),
  /** @param {string} source @param {string | undefined} importer */
  resolveId(source, importer) {
    if (!source.endsWith(SUFFIX) || !importer) return undefined;
    // The ending keeps vite from treating a style as one.
    return `${PREFIX}${resolve(dirname(importer), source.slice(0, -SUFFIX.length))}.js`;
  },
  /** @param {string} id */
  async load(id) {
    if (!id.startsWith(PREFIX)) return undefined;
    return `export default ${JSON.stringify(await bundled(id.slice(PREFIX.length, -'.js'.length)))};`;
  },
};
