import { readFile } from 'node:fs/promises';

/**
 * Shaders without comments, indentation and most spaces, a third of them. Below the heading, lines stay: so compile errors
 * name them, counted from there.
 */
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
        .replace(/(?<!>) *([,;:*(){}=+/?&|]) */g, '$1')
        // Two minus signs in a row would be a decrement.
        .replace(/ *([-<>]) *(?![-=])/g, '$1')
        .trim();
      return { loader: 'text', contents };
    });
  },
};
