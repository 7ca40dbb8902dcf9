/**
 * Bundles that are no ES module, where `import.meta.url` is missing: to import them does nothing that can fail; what cannot
 * be found from there is said when it is asked for.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { runInNewContext } from 'node:vm';
import { build } from 'esbuild';
import { rolldown } from 'rolldown';
import { expect, test } from 'vitest';
import { makeConsumer } from './consumer.ts';

const { folder } = await makeConsumer();
await writeFile(join(folder, 'all.js'), "export * from 'koalarize';\n");
const from = createRequire(import.meta.url);
const formats = ['iife', 'cjs'] as const;

const bundlers: Record<string, (format: 'iife' | 'cjs', platform: 'browser' | 'node') => Promise<string>> = {
  esbuild: async (format, platform) => {
    const outfile = join(folder, `esbuild-${format}-${platform}.cjs`);
    await build({
      ...{ entryPoints: [join(folder, 'all.js')], outfile, bundle: true, logLevel: 'silent' },
      ...{ format, platform, globalName: 'koalarize', external: ['webgpu', 'sharp', '@sparticuz/*'] },
    });
    return outfile;
  },
  rolldown: async (format, platform) => {
    const file = join(folder, `rolldown-${format}-${platform}.cjs`);
    const external = ['webgpu', 'sharp', '@sparticuz/chromium', /^node:/];
    const input = join(folder, 'all.js');
    const bundle = await rolldown({ input, platform, external, logLevel: 'silent' });
    await bundle.write({ file, format, name: 'koalarize', codeSplitting: false } as never);
    await bundle.close();
    return file;
  },
};

interface Koalarize {
  readonly Colorizer: { load(options?: object): Promise<unknown> };
}

test.each(Object.keys(bundlers).flatMap((bundler) => formats.map((format) => [bundler, format] as const)))(
  'bundled by %s as %s for browsers',
  async (bundler, format) => {
    const text = await readFile(await bundlers[bundler]!(format, 'browser'), 'utf8');
    const exports = {};
    const globals = { module: { exports }, exports, TextEncoder, TextDecoder, URL, console, performance };
    const load = `${text}\n;typeof koalarize === 'object' ? koalarize : module.exports`;
    const { Colorizer } = runInNewContext(load, globals) as Koalarize;
    await expect(Colorizer.load()).rejects.toThrow(
      /^weights: expected a file beside this module, got a bundle that does not know where it is – give its address/,
    );
  },
);

test.each(Object.keys(bundlers))('bundled by %s as cjs for Node', async (bundler) => {
  const { Colorizer } = from(await bundlers[bundler]!('cjs', 'node')) as Koalarize;
  await expect(Colorizer.load({ weights: '/nowhere' })).rejects.toThrow('/nowhere: expected a file, got no such file');
});
