import { readFile } from 'node:fs/promises';

/** Shaders without comments, indentation and most spaces, a third of them. Lines stay, so that compile errors name the same ones. */
export const leanShaders = {
  name: 'lean-shaders',
  /** @param {import('esbuild').PluginBuild} build */
  setup({ onLoad }) {
    onLoad({ filter: /\.wgsl$/ }, async ({ path }) => {
      const source = await readFile(path, 'utf8');
      const contents = source
        .replace(/ *\/\/.*$/gm, '')
        .replace(/^ +/gm, '')
        // Not after `>`, which may end a template: `array<f32> = …`.
        .replace(/(?<!>) *([,;:*(){}=+/?&|]) */g, '$1');
      return { loader: 'text', contents };
    });
  },
};
