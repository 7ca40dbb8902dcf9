/** What our programs, and the rivals', cost on the CPU: their time on a device that takes none. Says nothing of the GPU's. */
import { Gpu } from '../../../src/runtime/gpu.ts';
import type { Backend } from '../../arm.ts';
import { forwardPass } from '../../colorizer.ts';
import { colorizerIn } from '../../rivals/onnx_files.ts';
import { loadOnnxRuntime } from '../../rivals/onnxruntime.ts';
import { loadTfjs } from '../../rivals/tfjs_node.ts';
import { trainingStep } from '../../step.ts';
import { argument, end, mark } from './mark.ts';

const { folder, arms } = argument<{ folder: string; arms: readonly string[] }>();
const gpu = await Gpu.open({ adapter: 'hardware', precision: 'f32', onWarning: () => {} });
mark(`ADAPTER ${gpu.name}`);

/** Milliseconds of our own submits, by part, and how many there were. */
const spent = { dispatches: 0, submits: 0, encode: 0, finish: 0, submit: 0 };
const begun = new WeakMap<object, number>();

/** Calls `after` with the receiver of each call of a method, how long it took, its result, and when it began. */
function watch(
  prototype: object,
  method: string,
  after: (self: object, took: number, result: unknown, start: number) => void,
): void {
  const methods = prototype as Record<string, (...given: unknown[]) => unknown>;
  const original = methods[method]!;
  methods[method] = function (this: object, ...given) {
    const start = performance.now();
    const result = original.apply(this, given);
    after(this, performance.now() - start, result, start);
    return result;
  };
}
// In Node the classes of WebGPU are no globals of their own.
Object.assign(globalThis, (await import('webgpu')).globals);
watch(GPUDevice.prototype, 'createCommandEncoder', (_, __, encoder, start) => begun.set(encoder as object, start));
watch(GPUComputePassEncoder.prototype, 'dispatchWorkgroups', () => spent.dispatches++);
watch(GPUCommandEncoder.prototype, 'finish', (encoder, took, _, start) => {
  spent.encode += start - begun.get(encoder)!;
  spent.finish += took;
});
watch(GPUQueue.prototype, 'submit', (_, took) => {
  spent.submit += took;
  spent.submits++;
});

async function measure(arm: string, what: string, run: () => Promise<void>, rounds: number): Promise<void> {
  for (let i = 0; i < 3; i++) await run();
  const times: number[] = [];
  Object.assign(spent, { dispatches: 0, submits: 0, encode: 0, finish: 0, submit: 0 });
  const cpu = process.cpuUsage();
  for (let i = 0; i < rounds; i++) {
    const start = performance.now();
    await run();
    times.push(1000 * (performance.now() - start));
  }
  const { user, system } = process.cpuUsage(cpu);
  times.sort((a, b) => a - b);
  const us = (ms: number) => (1000 * ms) / rounds;
  const { dispatches, submits, encode, finish, submit } = spent;
  const ours = arm === 'koalarize' && {
    dispatches: dispatches / rounds,
    submits: submits / rounds,
    encode: us(encode),
    finish: us(finish),
    submit: us(submit),
    'per dispatch': (1000 * (encode + finish + submit)) / dispatches,
  };
  const result = { arm, what, median: times[rounds >> 1], least: times[0], cpu: (user + system) / rounds, ...ours };
  mark(`RESULT ${JSON.stringify(result)}`);
}

const STEP = { batch: 4, size: 64 } as const;
const forward = await forwardPass(colorizerIn(folder));
const step = await trainingStep(gpu, STEP, 3);

async function all(name: string, forwardArm: Backend, stepArm?: Backend): Promise<void> {
  await measure(name, 'forward 224, batch 1', () => forwardArm.run(1), 50);
  await measure(name, 'forward 224, ten queued', () => forwardArm.run(10), 15);
  forwardArm.free();
  if (stepArm) await measure(name, `training step ${STEP.size}, batch ${STEP.batch}`, () => stepArm.run(1), 50);
}

if (arms.includes('koalarize')) await all('koalarize', await forward.ours(gpu), await step.ours(gpu));
if (arms.includes('tfjs')) {
  const rival = await loadTfjs('hardware', gpu.name);
  if (typeof rival === 'string') mark(`ERROR tfjs: ${rival}`);
  else await all('tfjs', await forward.rivals.tfjs!(rival), await step.rivals.tfjs!(rival));
}
if (arms.includes('onnxruntime')) {
  const rival = await loadOnnxRuntime(gpu.name);
  if (typeof rival === 'string') mark(`ERROR onnxruntime: ${rival}`);
  else await all('onnxruntime', await forward.rivals.onnxruntime!(rival));
}
end();
