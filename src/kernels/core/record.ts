/**
 * Recording of kernel calls on real buffers into a program: checks them, compiles what is missing, packs the
 * parameters.
 */
import { expectGpu } from '../../runtime/arguments.ts';
import { BufferUsage, SHADER_STAGE_COMPUTE } from '../../runtime/device.ts';
import { DeviceError, KernelError } from '../../runtime/errors.ts';
import type { Gpu } from '../../runtime/gpu.ts';
import { type Dispatch, Program, UNIFORM_STRIDE } from '../../runtime/program.ts';
import { Scope } from '../../runtime/scope.ts';
import { onceFor } from '../../util/once_for.ts';
import type { MatrixUnit } from '../conv/gemm/conv2d_matrix.ts';
import { type KernelSpec, locate, type Scalar, specialize, type Values, type Variants } from './define.ts';
import { type ChoiceArgs, type DeviceTraits, emitInto, type KernelCall } from './emit.ts';
import { lanesFor } from './lanes.ts';

/** A whole buffer, or a range of one in bytes. */
export type Binding = GPUBuffer | GPUBufferBinding;

/** Capabilities of `gpu` used to select kernels. */
export function traitsOf(gpu: Gpu): DeviceTraits {
  return {
    software: gpu.software,
    subgroupSize: gpu.subgroupSize,
    ...(gpu.subgroupSizes && { subgroupSizes: gpu.subgroupSizes }),
    vendor: gpu.vendor,
    architecture: gpu.architecture,
    maxStorageBufferBindingSize: gpu.device.limits.maxStorageBufferBindingSize,
    precision: gpu.validated.precision,
    ...(gpu.validated.matrixUnit !== undefined && { matrixUnit: gpu.validated.matrixUnit as MatrixUnit }),
  };
}

/**
 * Records `calls` as one program.
 *
 * @throws KernelError for a buffer that is too short, a parameter that is no number of its type, a grid past the device's
 *   limit, or WGSL that does not compile; DeviceError for a buffer that there was no memory for.
 */
export async function record(gpu: Gpu, label: string, calls: readonly KernelCall<Binding>[]): Promise<Program> {
  expectGpu('record', gpu);
  for (const call of calls) checkBuffers(call);
  const packed = new Uint8Array(calls.length * UNIFORM_STRIDE);
  calls.forEach((call, i) => {
    packed.set(new Uint8Array(packParams(call)), i * UNIFORM_STRIDE);
  });
  const grids = calls.map((call) => gridOf(gpu, call));
  const bound = new Set(calls.flatMap(({ buffers }) => Object.values(buffers).map((each) => bindingOf(each).buffer)));
  await gpu.confirm(...bound);
  const pipelines = await Promise.all(calls.map(({ kernel, choice }) => pipelineFor(gpu, kernel, choice)));
  return Scope.build(gpu, async (scope) => {
    return gpu.attempt(() => {
      const uniforms = scope.buffer(
        `${label} params`,
        Math.max(1, calls.length) * UNIFORM_STRIDE,
        BufferUsage.UNIFORM | BufferUsage.COPY_DST,
      );
      if (packed.length > 0) gpu.write(uniforms, packed);
      const dispatches = calls.map(({ kernel, buffers }, i): Dispatch => {
        const bindings = Object.keys(kernel.buffers).map((name) => bindingOf(buffers[name]!));
        const params = { buffer: uniforms, offset: i * UNIFORM_STRIDE, size: paramBytes(kernel) };
        const bindGroup = gpu.device.createBindGroup({
          label: kernel.name,
          layout: layoutFor(gpu, kernel),
          entries: [...bindings, params].map((resource, binding) => ({ binding, resource })),
        });
        return { label: kernel.name, pipeline: pipelines[i]!, bindGroup, grid: grids[i]! };
      });
      return new Program(label, dispatches, { uniforms, bound, scope });
    });
  });
}

/** Records a single dispatch. @throws KernelError as `record` does. */
export async function recordOne<B extends string, P extends Record<string, Scalar>, V extends Variants>(
  gpu: Gpu,
  kernel: KernelSpec<B, P, V>,
  buffers: Readonly<Record<B, Binding>>,
  params: Values<P>,
  ...choice: ChoiceArgs<V>
): Promise<Program> {
  const calls: KernelCall<Binding>[] = [];
  const noScratch = () => {
    throw new KernelError({
      where: kernel.name,
      expected: 'a single dispatch',
      got: 'one that needs a scratch buffer',
      hint: 'record it with others: compile a graph',
    });
  };
  emitInto<Binding>(calls, traitsOf(gpu), noScratch).call(kernel, buffers, params, ...choice);
  return record(gpu, kernel.name, calls);
}

/**
 * The parameters of a call as the bytes of its uniform `struct Params`.
 *
 * @throws KernelError for what is no number of its type: nothing is rounded, wraps around, or becomes 0.
 */
export function packParams({
  kernel,
  params,
}: {
  readonly kernel: Pick<KernelSpec, 'name' | 'params' | 'anyNumber'>;
  readonly params: Readonly<Record<string, number>>;
}): ArrayBuffer {
  const view = new DataView(new ArrayBuffer(paramBytes(kernel)));
  Object.entries(kernel.params).forEach(([name, type], i) => {
    const isGiven = Object.hasOwn(params, name);
    const value = isGiven ? params[name]! : Number.NaN;
    const { is, expected, set } = SCALARS[type];
    const isAny = isGiven && type === 'f32' && typeof value === 'number' && kernel.anyNumber?.includes(name);
    if (!isAny && !is(value)) {
      const got = isGiven ? value : 'none';
      throw new KernelError({ where: kernel.name, expected: `'${name}' as ${expected}`, got });
    }
    view[set](i * 4, value, true);
  });
  return view.buffer;
}

const SCALARS = {
  u32: {
    is: (value: number) => Number.isInteger(value) && value >= 0 && value < 2 ** 32,
    expected: 'a whole number from 0 to 4294967295',
    set: 'setUint32',
  },
  i32: {
    is: (value: number) => Number.isInteger(value) && value >= -(2 ** 31) && value < 2 ** 31,
    expected: 'a whole number from -2147483648 to 2147483647',
    set: 'setInt32',
  },
  f32: {
    is: (value: number) => typeof value === 'number' && Number.isFinite(Math.fround(value)),
    expected: 'a number that is finite in float32',
    set: 'setFloat32',
  },
} as const satisfies Record<Scalar, unknown>;

function paramBytes(kernel: Pick<KernelSpec, 'params'>): number {
  return Math.max(16, Math.ceil(Object.keys(kernel.params).length / 4) * 16);
}

function bindingOf(binding: Binding): GPUBufferBinding {
  return 'buffer' in binding ? binding : { buffer: binding };
}

function byteLength(binding: Binding): number {
  const { buffer, offset = 0, size } = bindingOf(binding);
  return size ?? buffer.size - offset;
}

function checkBuffers({ kernel, buffers, params }: KernelCall<Binding>): void {
  const written = new Set<GPUBuffer>();
  const read = new Set<GPUBuffer>();
  for (const [name, spec] of Object.entries(kernel.buffers)) {
    const binding = buffers[name];
    if (!binding) throw new KernelError({ where: kernel.name, expected: `a buffer '${name}'`, got: 'none' });
    // WebGPU does not fail on out-of-range reads, so a short buffer would give wrong numbers silently.
    const needed = spec.length(params);
    const held = byteLength(binding) / 4;
    if (!(held >= needed)) {
      throw new KernelError({
        where: kernel.name,
        expected: `'${name}' of ${needed} elements for ${JSON.stringify(params)}`,
        got: held,
      });
    }
    (spec.access === 'read' ? read : written).add(bindingOf(binding).buffer);
  }
  for (const buffer of written) {
    if (!read.has(buffer)) continue;
    throw new KernelError({
      where: kernel.name,
      expected: 'other buffers to write into than to read from',
      got: `'${buffer.label}' for both`,
    });
  }
}

function gridOf(gpu: Gpu, { kernel, params, choice }: KernelCall<Binding>): [number, number, number] {
  const [x, y = 1, z = 1] = kernel.workgroups(params, choice);
  const limit = gpu.device.limits.maxComputeWorkgroupsPerDimension;
  if (![x, y, z].every((groups) => Number.isInteger(groups) && groups >= 0)) {
    throw new KernelError({ where: kernel.name, expected: 'whole numbers of workgroups', got: `${x} x ${y} x ${z}` });
  }
  if (Math.max(x, y, z) > limit) {
    throw new KernelError({
      where: kernel.name,
      expected: `at most ${limit} workgroups a dimension, the limit of ${gpu.name}`,
      got: `${x} x ${y} x ${z}`,
      hint: 'use a smaller batch or picture size',
    });
  }
  return [x, y, z];
}

const layoutsOf = onceFor((_: GPUDevice) => new Map<string, GPUBindGroupLayout>());

function layoutFor({ device }: Gpu, kernel: KernelSpec): GPUBindGroupLayout {
  const cache = layoutsOf(device);
  const types: GPUBufferBindingType[] = Object.values(kernel.buffers).map(({ access }) =>
    access === 'read' ? 'read-only-storage' : 'storage',
  );
  types.push('uniform');
  const key = types.join();
  let layout = cache.get(key);
  if (!layout) {
    // Explicit, not 'auto': an automatic layout leaves out bindings that a variant does not use.
    layout = device.createBindGroupLayout({
      entries: types.map((type, binding) => ({ binding, visibility: SHADER_STAGE_COMPUTE, buffer: { type } })),
    });
    cache.set(key, layout);
  }
  return layout;
}

/** Numbers for kernels: two that share a name are two. */
const numberOf = onceFor((_: KernelSpec) => ++lastNumber);
let lastNumber = 0;

function pipelineFor(
  gpu: Gpu,
  kernel: KernelSpec,
  choice: Readonly<Record<string, string>>,
): Promise<GPUComputePipeline> {
  const label = [kernel.name, ...Object.keys(kernel.variants).map((slot) => choice[slot])].join('/');
  const key = `${numberOf(kernel)} ${label}`;
  const known = gpu.pipelines.get(key);
  if (known) return known;
  const pipeline = compile(gpu, label, kernel, choice);
  gpu.pipelines.set(key, pipeline);
  // What failed for lack of memory may be tried again.
  pipeline.catch(() => gpu.pipelines.delete(key));
  return pipeline;
}

async function compile(
  gpu: Gpu,
  label: string,
  kernel: KernelSpec,
  choice: Readonly<Record<string, string>>,
): Promise<GPUComputePipeline> {
  const { device } = gpu;
  const missing = kernel.requires?.find((feature) => !device.features.has(feature));
  if (missing) {
    throw new KernelError({
      where: label,
      expected: `a device with ${missing}`,
      got: 'one without',
      hint: 'use another kernel',
    });
  }
  const code = specialize(kernel, choice, lanesFor(traitsOf(gpu), kernel));
  device.pushErrorScope('validation');
  const module = device.createShaderModule({ label, code });
  const scope = device.popErrorScope();
  const { messages } = await module.getCompilationInfo();
  const errors = messages.filter(({ type }) => type === 'error');
  await scope;
  if (errors.length > 0) {
    const lines = errors.map(
      ({ lineNum, linePos, message }) => `  ${locate(kernel, choice, lineNum)}:${linePos} ${message}`,
    );
    throw new KernelError(`${label} does not compile:\n${lines.join('\n')}`);
  }
  const layout = await gpu.attempt(() => device.createPipelineLayout({ bindGroupLayouts: [layoutFor(gpu, kernel)] }));
  const compute = { module, constants: kernel.constants };
  try {
    return await gpu.wait(device.createComputePipelineAsync({ label, layout, compute }));
  } catch (cause) {
    gpu.check();
    throw new DeviceError(
      { where: label, expected: 'a pipeline', got: `'${(cause as Error).message}'`, hint: 'use a smaller kernel' },
      {
        cause,
      },
    );
  }
}
