/**
 * Four projects, one after the other:
 * - `cpu`: tests that need no device, no browser and no build, side by side (`npx vitest run --project cpu`, some seconds);
 * - `shared`: kernels, graphs and operators, one file at a time, all in one process and on one device;
 * - `device`: all others, one file at a time, each in a process of its own;
 * - `long`: browsers, trainings, whole classifiers, every variant twice (`npm run test:long`; `npm test` leaves them out).
 */
import { defineConfig } from 'vitest/config';
import { inlineForTests } from './scripts/inline.js';

const CPU = [
  'test/architecture.test.ts',
  'test/bench/{layers,measure,mobile}.test.ts',
  'test/bench/isa/{analysis,options}.test.ts',
  'test/cli/colorize/plan.test.ts',
  'test/cli/ledger/*.test.ts',
  'test/cli/paths/*.test.ts',
  'test/cli/queue/{done,manifest,queue,stream}.test.ts',
  'test/cli/shared/{former_names,options,scan,shard}.test.ts',
  'test/cli/train/loss_svg.test.ts',
  'test/cli/verify/*.test.ts',
  'test/evaluation/**/*.test.ts',
  'test/formats/*.test.ts',
  'test/graph/{node,ops_table,plan}.test.ts',
  'test/image/**/*.test.ts',
  'test/kernels/conv/choice_table.test.ts',
  'test/kernels/conv/gemm/schedule_choice.test.ts',
  'test/kernels/tuning/{timing,winners}.test.ts',
  'test/model/narrow.test.ts',
  'test/onnx/{decode,external,fuzz,tensor}.test.ts',
  'test/onnx/operators/{coordinates,table}.test.ts',
  'test/package/docs.test.ts',
  'test/runtime/{errors,file_errors,lfs_pointer}.test.ts',
  'test/runtime/node/whole_file.test.ts',
  'test/runtime/tuning_store/*.test.ts',
  'test/support/built.test.ts',
  'test/train/data/sampler.test.ts',
  'test/train/memory.test.ts',
  'test/util/{once_for,table}.test.ts',
  'test/web/{weights,training/pictures}.test.ts',
];

const SHARED = [
  'test/kernels/{conv,elementwise,image,loss,movement,nn,optimizer,reduction}/**/*.test.ts',
  'test/kernels/core/define.test.ts',
  'test/graph/*.test.ts',
  'test/model/{golden,widen}.test.ts',
  'test/onnx/operators/*.test.ts',
  'test/onnx/{export,extractor_file,names}.test.ts',
  'test/train/data/rebalance.test.ts',
];

const LONG = [
  'test/cli/precision.test.ts',
  'test/cli/queue/killed.test.ts',
  'test/cli/shared/{inception,tune}.test.ts',
  'test/cli/train/**/*.test.ts',
  'test/kernels/conv/conv2d_{half,repeat}.test.ts',
  'test/kernels/core/compile.test.ts',
  'test/kernels/tuning/tuner.test.ts',
  'test/onnx/inception.test.ts',
  'test/package/{browser,examples}.test.ts',
  'test/train/{classes,half,learning,winograd}.test.ts',
  'test/web/{bench,extractor,garbage,page,study,training}.test.ts',
];

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
          name: 'shared',
          include: SHARED,
          exclude: [...CPU, ...LONG],
          fileParallelism: false,
          isolate: false,
          sequence: { groupOrder: 1 },
          ...timeouts,
        },
      },
      {
        extends: true,
        test: {
          name: 'device',
          include: ['test/**/*.test.ts'],
          exclude: [...CPU, ...SHARED, ...LONG],
          // One device at a time: the software drivers use every core by themselves.
          fileParallelism: false,
          sequence: { groupOrder: 2 },
          ...timeouts,
        },
      },
      {
        extends: true,
        test: {
          name: 'long',
          include: LONG,
          exclude: CPU,
          fileParallelism: false,
          sequence: { groupOrder: 3 },
          ...timeouts,
        },
      },
    ],
  },
});
