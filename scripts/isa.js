/** Bundles bench/isa/ and the programs it runs into .cache/isa/, and starts it: `npm run isa`. Faster than a whole build. */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';

process.chdir(resolve(import.meta.dirname, '..'));
if (!existsSync('node_modules/webgpu') || !existsSync('node_modules/esbuild')) {
  console.error("isa: expected the project's packages in node_modules, got none – install them with 'npm ci'");
  process.exit(1);
}
const { build } = await import('esbuild');
const { forNode } = await import('./for_node.js');
const programs = ['kernels', 'layers', 'rivals', 'host'].map((name) => [name, `bench/isa/programs/${name}.ts`]);
await build({
  entryPoints: { main: 'bench/isa/main.ts', ...Object.fromEntries(programs) },
  outdir: '.cache/isa',
  ...forNode,
});
await import(join(process.cwd(), '.cache/isa/main.js'));
