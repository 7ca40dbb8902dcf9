/** Ceilings of the device: multiply-adds, copies, dispatches. Measured by probes whose results are checked. */
import { DeviceError } from '../src/runtime/errors.ts';
import type { Gpu } from '../src/runtime/gpu.ts';
import copySource from './probes/copy.wgsl';
import countSource from './probes/count.wgsl';
import fmaSource from './probes/fma.wgsl';

export interface Ceilings {
  /** Float32 multiply-adds outside matrix units, in GFLOP/s: two operations each. */
  readonly fmaGflops: number;
  /** Bytes read and bytes written by a kernel that copies, in GB/s (10⁹). */
  readonly copyGBs: number;
  /** The same of `copyBufferToBuffer`. */
  readonly copyBufferGBs: number;
  /** Microseconds for a dispatch that waits for the one before, recorded and run. */
  readonly dispatchUs: number;
}

/** Measures all ceilings, in a second or two. @throws DeviceError when a probe computes something else. */
export async function measureCeilings(gpu: Gpu): Promise<Ceilings> {
  const fmaGflops = await multiplyAdds(gpu);
  const copies = await copyBandwidth(gpu);
  return { fmaGflops, ...copies, dispatchUs: await dispatchCost(gpu) };
}

/** What the chains of fma.wgsl are given. Their values fall from 1…2 towards −1, so that each step shows in the end. */
export const CHAINS = { multiplier: 1 - 2 ** -9, addend: -(2 ** -9), iterations: 256 } as const;
const STEPS_PER_ITERATION = 4;
const ACCUMULATORS = 4;

/** Operations of one thread of fma.wgsl, two for each multiply-add. */
export const FLOPS_PER_THREAD = 2 * CHAINS.iterations * STEPS_PER_ITERATION * ACCUMULATORS * 4;

/** The vec4 that a thread of fma.wgsl stores, in float64; after `steps` steps of each chain. */
export function chainSums(thread: number, steps = CHAINS.iterations * STEPS_PER_ITERATION): number[] {
  return [0, 1, 2, 3].map((component) => {
    let sum = 0;
    for (let chain = 0; chain < ACCUMULATORS; chain++) {
      let value = 1 + (4 * chain + component) / 4096 + (thread % 256) / 256;
      for (let step = 0; step < steps; step++) value = value * CHAINS.multiplier + CHAINS.addend;
      sum += value;
    }
    return sum;
  });
}

/** How far a sum may be off: rounding, fused or not, stays below it, and one step of one chain left out does not. */
export const CHAIN_TOLERANCE = 3e-4;

async function multiplyAdds(gpu: Gpu): Promise<number> {
  const threads = 128 * (gpu.software ? 32 : 8192);
  const sums = gpu.buffer('probe sums', threads * 16);
  const chains = gpu.buffer('probe chains', 16);
  const { multiplier, addend, iterations } = CHAINS;
  gpu.write(chains, Float32Array.of(multiplier, addend));
  gpu.write(chains, Uint32Array.of(iterations), 8);
  const run = await probe(gpu, 'fma', fmaSource, [chains, sums], threads / 128);
  const seconds = await fastest(gpu, run);
  const got = await gpu.readFloats(sums);
  for (const thread of [0, 1, 127, 128, 255, threads - 1]) {
    const sum = got.subarray(4 * thread, 4 * thread + 4);
    const difference = Math.max(...chainSums(thread).map((value, i) => Math.abs(value - sum[i]!)));
    expectChecked('fma', difference < CHAIN_TOLERANCE, `sums ${[...sum]} in thread ${thread}`);
  }
  for (const buffer of [sums, chains]) gpu.free(buffer);
  return (threads * FLOPS_PER_THREAD) / seconds / 1e9;
}

const MEBIBYTE = 2 ** 20;

async function copyBandwidth(gpu: Gpu): Promise<Pick<Ceilings, 'copyGBs' | 'copyBufferGBs'>> {
  const { maxBufferSize, maxStorageBufferBindingSize } = gpu.device.limits;
  // Much more than caches hold.
  const bytes = Math.min(maxBufferSize, maxStorageBufferBindingSize, (gpu.software ? 64 : 1024) * MEBIBYTE);
  const whole = bytes - (bytes % MEBIBYTE);
  const pattern = Float32Array.from({ length: MEBIBYTE / 4 }, (_, i) => i);
  const ends = [0, whole - MEBIBYTE];
  const x = gpu.buffer('probe x', whole);
  for (const end of ends) gpu.write(x, pattern, end);
  const copy = async (run: (y: GPUBuffer) => Promise<Encode> | Encode, what: string) => {
    const y = gpu.buffer('probe y', whole);
    const seconds = await fastest(gpu, await run(y));
    for (const end of ends) {
      const got = new Float32Array(await gpu.read(y, MEBIBYTE, end));
      expectChecked(
        what,
        pattern.every((value, i) => value === got[i]),
        `other numbers at byte ${end}`,
      );
    }
    gpu.free(y);
    return (2 * whole) / seconds / 1e9;
  };
  const groups = Math.min(65_535, whole / 16 / 256);
  const copyGBs = await copy((y) => probe(gpu, 'copy', copySource, [x, y], groups), 'copy');
  const copyBufferGBs = await copy(
    (y) => (encoder, times) => {
      for (let i = 0; i < times; i++) encoder.copyBufferToBuffer(x, 0, y, 0, whole);
    },
    'copyBufferToBuffer',
  );
  gpu.free(x);
  return { copyGBs, copyBufferGBs };
}

async function dispatchCost(gpu: Gpu): Promise<number> {
  const counter = gpu.buffer('probe counter', 16);
  const run = await probe(gpu, 'count', countSource, [counter], 1);
  let runs = 0;
  const counted: Encode = (encoder, times) => {
    runs += times;
    run(encoder, times);
  };
  const seconds = await fastest(gpu, counted, 100);
  const [count] = new Uint32Array(await gpu.read(counter, 4));
  expectChecked('count', count === runs, `${count} dispatches of ${runs}`);
  gpu.free(counter);
  return seconds * 1e6;
}

/** Records the work `times` times. */
type Encode = (encoder: GPUCommandEncoder, times: number) => void;

async function probe(gpu: Gpu, label: string, code: string, buffers: GPUBuffer[], groups: number): Promise<Encode> {
  const { device } = gpu;
  const module = device.createShaderModule({ label, code });
  const pipeline = await device.createComputePipelineAsync({ label, layout: 'auto', compute: { module } });
  const entries = buffers.map((buffer, binding) => ({ binding, resource: { buffer } }));
  const group = device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries });
  return (encoder, times) => {
    const pass = encoder.beginComputePass({ label });
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, group);
    for (let i = 0; i < times; i++) pass.dispatchWorkgroups(groups);
    pass.end();
  };
}

/** Seconds of one run: of the fastest of some samples, each long against a fence, and on shared CPUs short enough to be left alone. */
async function fastest(gpu: Gpu, encode: Encode, least = 1): Promise<number> {
  const sample = async (times: number) => {
    const begin = performance.now();
    const encoder = gpu.device.createCommandEncoder();
    encode(encoder, times);
    gpu.device.queue.submit([encoder.finish()]);
    await gpu.fence();
    return (performance.now() - begin) / 1e3;
  };
  const { samples, seconds } = gpu.software ? { samples: 25, seconds: 0.008 } : { samples: 10, seconds: 0.02 };
  await sample(least);
  let times = least;
  while ((await sample(times)) < seconds && times < 2 ** 16) times *= 2;
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < samples; i++) best = Math.min(best, await sample(times));
  return best / times;
}

function expectChecked(name: string, right: boolean, got: string): void {
  if (!right) throw new DeviceError(`probe ${name}: expected what it should compute, got ${got} – its ceiling is void`);
}
