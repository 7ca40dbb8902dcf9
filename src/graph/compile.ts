/**
 * Compiler from a graph to a program on a device: passes, lowering, memory plan, recording. The program is then
 * replayed.
 */

import { type ConvTask, keyOf } from '../kernels/conv/task.ts';
import type { KernelCall } from '../kernels/core/emit.ts';
import { type Binding, record, traitsOf } from '../kernels/core/record.ts';
import { resolvePrecision } from '../kernels/tuning/precision.ts';
import type { Winners } from '../kernels/tuning/winners.ts';
import { expectGpu, expectObject, expectOptions } from '../runtime/arguments.ts';
import { ShapeError } from '../runtime/errors.ts';
import type { Gpu } from '../runtime/gpu.ts';
import { Scope, settle } from '../runtime/scope.ts';
import { ConstantStore, isConstant } from './constants.ts';
import { Executable, type FedInput } from './executable.ts';
import { splitSetup } from './hoist.ts';
import { assignSharedBuffers, lower, type Value } from './lowering.ts';
import { isOp, type Node, reachable, sizeOf } from './node.ts';
import { inputOp, nameOf, parameterOp } from './ops/core/input.ts';
import type { ParameterSlab } from './parameters.ts';
import { type PassName, passes } from './passes/index.ts';
import { summarize } from './summary.ts';

/** What `compile` needs beside the device. */
export interface CompileOptions {
  /** Names the program and its buffers in profilers and messages. */
  readonly label: string;
  /** What is computed, by name. */
  readonly outputs: Readonly<Record<string, Node>>;
  /** Holds the graph's parameters; may be left out for a graph without any. */
  readonly parameters?: ParameterSlab;
  /** Outputs that are written to given storage, such as a gradient slab, instead of a buffer of their own. */
  readonly outputBuffers?: Readonly<Record<string, Binding>>;
  /** Holds the graph's constants, for several executables; default one of this executable's own. */
  readonly constants?: ConstantStore;
  /** Optimization passes to leave out, for tests. */
  readonly disablePasses?: readonly PassName[];
  /** Whether the tuner may measure what it does not know; default true, on a device that was opened with `tune`. */
  readonly tune?: boolean;
}

const OPTIONS = [
  'label',
  'outputs',
  'parameters',
  'outputBuffers',
  'constants',
  'disablePasses',
  'tune',
] as const satisfies (keyof CompileOptions)[];

/**
 * Compiles the graph that computes `outputs`.
 *
 * @throws ShapeError, KernelError, or DeviceError where the graph does not fit the device; ArgumentError for options that
 *   do not exist.
 */
export async function compile(gpu: Gpu, options: CompileOptions): Promise<Executable> {
  expectGpu('compile', gpu);
  expectOptions('compile', options, OPTIONS);
  expectObject('compile', 'outputs', options?.outputs);
  await resolvePrecision(gpu);
  return Scope.build(gpu, (scope) => build(gpu, options, scope));
}

async function build(gpu: Gpu, options: CompileOptions, scope: Scope): Promise<Executable> {
  const names = Object.keys(options.outputs);
  const outputs = optimize(Object.values(options.outputs), options.disablePasses ?? []);
  const nodes = reachable(outputs);

  const constants = options.constants ?? scope.own(new ConstantStore(gpu));
  let bytes = 0;
  const own = (label: string, elements: number): GPUBuffer => {
    const buffer = scope.buffer(label, elements * 4);
    bytes += buffer.size;
    return buffer;
  };
  // What ops of raw data read is no float.
  const words = new Set(nodes.filter(({ op }) => op.gradient === 'data').flatMap((node) => node.inputs));
  const inputs = new Map<string, FedInput>();
  const values = new Map<Node, Value<Binding>>();
  for (const node of nodes) {
    const alias = node.op.alias?.(node.attrs);
    if (alias !== undefined) {
      values.set(node, values.get(node.inputs[alias]!)!);
      continue;
    }
    const value: Value<Binding> = { elements: sizeOf(node.shape), label: node.op.name, storage: undefined };
    if (isOp(node, inputOp)) {
      const buffer = own(nameOf(node), value.elements);
      inputs.set(nameOf(node), { shape: node.shape, type: words.has(node) ? 'u32' : 'f32', buffer });
      value.storage = buffer;
    } else if (isOp(node, parameterOp)) {
      if (!options.parameters)
        throw new ShapeError({ where: 'compile', expected: `parameters, for '${nameOf(node)}'`, got: 'none' });
      value.storage = options.parameters.binding(nameOf(node));
    }
    values.set(node, value);
  }
  const stored = nodes.filter(isConstant).map(async (node) => {
    values.get(node)!.storage = await constants.get(node, (...constant) => evaluate(gpu, ...constant));
  });
  await settle(stored);
  names.forEach((name, i) => {
    const value = values.get(outputs[i]!)!;
    const wanted = Object.hasOwn(options.outputBuffers ?? {}, name) ? options.outputBuffers![name] : undefined;
    if (wanted && value.storage) {
      throw new ShapeError({
        where: 'compile',
        expected: `'${name}' as an output that is not aliased to an input or parameter`,
        got: 'one that is',
      });
    }
    value.storage ??= wanted ?? own(name, value.elements);
  });

  const tuned: Winners = gpu.tune && options.tune !== false ? await tune(gpu, nodes, values) : new Map();
  const calls = lower(nodes, values, { ...traitsOf(gpu), tuned: (task) => tuned.get(keyOf(task)) });
  const fixed = options.disablePasses?.includes('foldConstants') ? [] : nodes.filter(isConstant);
  const { setup, perRun } = splitSetup(
    calls,
    fixed.map((node) => values.get(node)!),
    (value) => value.storage === undefined,
  );
  for (const value of setup.flatMap(({ buffers }) => Object.values(buffers))) {
    value.storage ??= own(value.label, value.elements);
  }
  if (setup.length > 0) await runOnce(gpu, setup);
  const shared = assignSharedBuffers<Binding>(perRun, own);
  const program = scope.own(await record(gpu, options.label, perRun.map(bind)));
  const results = names.map(
    (name, i) => [name, { shape: outputs[i]!.shape, storage: values.get(outputs[i]!)!.storage! }] as const,
  );
  const executable = new Executable(gpu, {
    label: options.label,
    program,
    operations: new Set(perRun.map(({ node }) => node)).size,
    inputs,
    outputs: new Map(results),
    scope,
    bytes,
    tuned,
    shared,
  });
  if (gpu.log && options.tune !== false) summarize(options.label, executable).forEach(gpu.log);
  return executable;
}

/** A call on arrays that all have their places. */
function bind(call: KernelCall<Value<Binding>>): KernelCall<Binding> {
  const buffers = Object.entries(call.buffers).map(([name, { storage }]) => [name, storage!]);
  return { ...call, buffers: Object.fromEntries(buffers) };
}

async function runOnce(gpu: Gpu, calls: readonly KernelCall<Value<Binding>>[]): Promise<void> {
  const program = await record(gpu, 'constants', calls.map(bind));
  try {
    gpu.submit(program);
    await gpu.fence(program.bound);
  } finally {
    program.close();
  }
}

/** Computes a constant once. */
async function evaluate(gpu: Gpu, root: Node, buffer: GPUBuffer, leaves: ConstantStore): Promise<void> {
  const once = await compile(gpu, {
    label: 'constant',
    outputs: { value: root },
    outputBuffers: { value: buffer },
    constants: leaves,
    disablePasses: Object.keys(passes) as PassName[],
    tune: false,
  });
  try {
    once.run();
    await gpu.fence(once.program.bound);
  } finally {
    once.close();
  }
}

/** Runs the passes that are not in `without`. */
export function optimize(outputs: readonly Node[], disabled: readonly PassName[]): Node[] {
  let result = [...outputs];
  for (const [name, pass] of Object.entries(passes)) {
    if (!disabled.includes(name as PassName)) result = pass(result);
  }
  return result;
}

/** Has the convolutions of a graph measured, where that has not been done yet. */
async function tune(gpu: Gpu, nodes: readonly Node[], values: ReadonlyMap<Node, Value<Binding>>): Promise<Winners> {
  const tasks: ConvTask[] = [];
  const remember = (task: ConvTask): undefined => {
    tasks.push(task);
  };
  lower(nodes, values, { ...traitsOf(gpu), tuned: remember });
  const { Tuner } = await import('../kernels/tuning/tuner.ts');
  return Tuner.of(gpu).tune(tasks);
}
