/**
 * Two projects: tests that need no device, no browser and no build run side by side (`npx vitest run --project cpu`, some
 * seconds); then all others, one file at a time.
 */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { defineConfig } from 'vitest/config';
import { inlineForTests } from './scripts/inline.js';

const CPU = [
  'test/architecture.test.ts',
  'test/bench/{layers,measure,mobile}.test.ts',
  'test/bench/isa/{analysis,options}.test.ts',
  'test/cli/colorize/plan.test.ts',
  'test/cli/paths/*.test.ts',
  'test/cli/shared/{former_names,scan}.test.ts',
  'test/cli/train/loss_svg.test.ts',
  'test/evaluation/**/*.test.ts',
  'test/graph/{ops_table,plan}.test.ts',
  'test/image/**/*.test.ts',
  'test/kernels/conv/choice_table.test.ts',
  'test/kernels/conv/gemm/schedule_choice.test.ts',
  'test/kernels/tuning/winners.test.ts',
  'test/model/narrow.test.ts',
  'test/onnx/{decode,external,fuzz,tensor}.test.ts',
  'test/onnx/operators/{coordinates,table}.test.ts',
  'test/package/docs.test.ts',
  'test/runtime/{file_errors,lfs_pointer}.test.ts',
  'test/runtime/tuning_store/*.test.ts',
  'test/train/data/sampler.test.ts',
  'test/train/memory.test.ts',
  'test/web/{training_pictures,weights}.test.ts',
];

/** The time of the newest file below a folder, in ms. */
function newest(folder: string): number {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => statSync(join(folder, name)));
  return Math.max(...files.filter((each) => each.isFile()).map(({ mtimeMs }) => mtimeMs));
}

const built = 'dist/cli.js';
if (!existsSync(built) || statSync(built).mtimeMs < Math.max(...['src', 'shaders', 'web', 'scripts'].map(newest))) {
  console.warn('dist/ is older than the source: tests of programs and pages test the old ones – npm run build');
}

const timeouts = { testTimeout: 240_000, hookTimeout: 240_000 };

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
    pool: 'forks',
    projects: [
      {
        extends: true,
        test: { name: 'cpu', include: CPU, sequence: { groupOrder: 0 }, ...timeouts },
      },
      {
        extends: true,
        test: {
          name: 'device',
          include: ['test/**/*.test.ts'],
          exclude: CPU,
          // One device at a time: the software drivers use every core by themselves.
          fileParallelism: false,
          sequence: { groupOrder: 1 },
          ...timeouts,
        },
      },
    ],
  },
});
