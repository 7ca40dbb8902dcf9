/**
 * Five projects, one after the other:
 * - `cpu`: tests that need no device, no browser and no build, in a thread for each core (`npx vitest run --project cpu`, some
 *   seconds): the modules of one stay loaded for the next, so what a test replaces it puts back;
 * - `sweep`: those of the same kind that go through many inputs, a second or more each;
 * - `shared`: kernels, graphs, operators, models and commands that run inside the test, in two processes with a device each;
 * - `device`: all others, those too whose memory is measured, two at a time, each in a process of its own;
 * - `long`: browsers, trainings, whole classifiers, every variant twice (`npm run test:long`; `npm test` leaves them out), one
 *   file at a time.
 */
import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { inlineForTests } from './scripts/inline.js';

const CPU = [
  'test/architecture.test.ts',
  'test/bench/{layers,measure,mobile}.test.ts',
  'test/bench/isa/{analysis,options}.test.ts',
  'test/cli/average.test.ts',
  'test/cli/colorize/{files,plan}.test.ts',
  'test/cli/ledger/*.test.ts',
  'test/cli/paths/*.test.ts',
  'test/cli/queue/{done,manifest,run_job,stream,worker_metrics}.test.ts',
  'test/cli/serve/{color,openapi,service}.test.ts',
  'test/cli/storage/folder.test.ts',
  'test/cli/shared/{former_names,options,scan,shard}.test.ts',
  'test/cli/train/loss_svg.test.ts',
  'test/cli/train/{archives/archive_set,archives/usable,rounds/files,rounds/options}.test.ts',
  'test/cli/verify/*.test.ts',
  'test/evaluation/**/*.test.ts',
  'test/formats/*.test.ts',
  'test/graph/{node,ops_table,plan}.test.ts',
  'test/image/**/*.test.ts',
  'test/kernels/conv/choice_table.test.ts',
  'test/kernels/conv/gemm/schedule_choice.test.ts',
  'test/kernels/tuning/{timing,winners}.test.ts',
  'test/model/{map_products,narrow}.test.ts',
  'test/onnx/{decode,external,fuzz,tensor}.test.ts',
  'test/onnx/operators/{coordinates,table}.test.ts',
  'test/package/docs.test.ts',
  'test/runtime/{errors,file_errors,lfs_pointer}.test.ts',
  'test/runtime/node/whole_file.test.ts',
  'test/runtime/tuning_store/*.test.ts',
  'test/support/{built,refusal,typed_arrays}.test.ts',
  'test/train/data/{sampler,wear}.test.ts',
  'test/train/{memory,rounds/*}.test.ts',
  'test/util/{once_for,table}.test.ts',
  'test/web/{weights,training/pictures}.test.ts',
];

const SWEEP = [
  'test/cli/colorize/plan.test.ts',
  'test/image/codec/{notes,profiles,roundtrip,tiff_samples}.test.ts',
  'test/image/file/hostile.test.ts',
  'test/image/raster/{border,border_round}.test.ts',
  'test/onnx/fuzz.test.ts',
  'test/onnx/operators/coordinates.test.ts',
  'test/train/data/wear.test.ts',
];

const SHARED = [
  'test/bench/{ceilings,inception}.test.ts',
  'test/cli/{compare,eval,study}/*.test.ts',
  'test/kernels/{conv,elementwise,image,loss,movement,nn,optimizer,reduction}/**/*.test.ts',
  'test/kernels/core/{define,lanes}.test.ts',
  'test/graph/*.test.ts',
  'test/model/*.test.ts',
  'test/onnx/operators/*.test.ts',
  'test/onnx/{export,extractor_file,load,names,unsupported}.test.ts',
  'test/train/data/rebalance.test.ts',
  'test/train/trainer.test.ts',
];

const LONG = [
  'test/cli/colorize/plan_sweep.test.ts',
  'test/cli/precision.test.ts',
  'test/cli/queue/{bucket,killed,queue,throughput}.test.ts',
  'test/cli/serve/load.test.ts',
  'test/cli/shared/{inception,tune}.test.ts',
  'test/cli/storage/bucket.test.ts',
  'test/cli/train/**/*.test.ts',
  'test/kernels/conv/conv2d_{half,repeat}.test.ts',
  'test/kernels/core/compile.test.ts',
  'test/kernels/tuning/tuner.test.ts',
  'test/onnx/inception.test.ts',
  'test/package/{browser,examples}.test.ts',
  'test/train/{classes,half,learning,winograd}.test.ts',
  'test/web/{bench,extractor,garbage,page,study,training}.test.ts',
];

const CORES = availableParallelism();
/** Software drivers use every core for a large dispatch, but one alone while they compile, and so does a program that starts. */
const PAIR = Math.min(2, CORES);

const cpu = { pool: 'threads' as const, maxWorkers: CORES, isolate: false };
const common = { setupFiles: ['test/support/typed_arrays.ts'], testTimeout: 240_000, hookTimeout: 240_000 };

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
        test: { name: 'cpu', include: CPU, exclude: SWEEP, ...cpu, sequence: { groupOrder: 0 }, ...common },
      },
      {
        extends: true,
        test: { name: 'sweep', include: SWEEP, ...cpu, sequence: { groupOrder: 1 }, ...common },
      },
      {
        extends: true,
        test: {
          name: 'shared',
          include: SHARED,
          exclude: [...CPU, ...LONG],
          maxWorkers: PAIR,
          isolate: false,
          sequence: { groupOrder: 2 },
          ...common,
        },
      },
      {
        extends: true,
        test: {
          name: 'device',
          include: ['test/**/*.test.ts'],
          exclude: [...CPU, ...SHARED, ...LONG],
          maxWorkers: PAIR,
          sequence: { groupOrder: 3 },
          ...common,
        },
      },
      {
        extends: true,
        test: {
          name: 'long',
          include: LONG,
          exclude: CPU,
          fileParallelism: false,
          sequence: { groupOrder: 4 },
          ...common,
        },
      },
    ],
  },
});
