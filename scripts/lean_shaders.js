import { readFile } from 'node:fs/promises';

/** Shaders without comments and indentation, a quarter of them. Lines stay, so that compile errors name the same ones. */
export const leanShaders = {
  name: 'lean-shaders',
  /** @param {import('esbuild').PluginBuild} build */
  setup({ onLoad }) {
    onLoad({ filter: /\.wgsl$/ }, async ({ path }) => {
      const source = await readFile(path, 'utf8');
      return { loader: 'text', contents: source.replace(/ *\/\/.*$/gm, '').replace(/^ +/gm, '') };
    });
  },
};
