import { defineConfig } from 'vitest/config';
import { inlineForTests } from './scripts/inline.js';

export default defineConfig({
  plugins: [
    inlineForTests,
    {
      name: 'wgsl-as-text',
      transform(code: string, id: string) {
        return id.endsWith('.wgsl') ? { code: `export default ${JSON.stringify(code)};`, map: null } : undefined;
      },
    },
  ],
  test: {
    include: ['test/**/*.test.ts'],
    // One device at a time: the software drivers use every core by themselves.
    fileParallelism: false,
    pool: 'forks',
    testTimeout: 240_000,
    hookTimeout: 240_000,
  },
});
