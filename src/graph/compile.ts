/** From a graph to a program on a device: passes, lowering, memory plan, recording. The program is then replayed. */
import { settlePrecision } from '../kernels/precision.ts';
import { type Binding, record, traitsOf } from '../kernels/record.ts';
import { type ConvTask, keyOf, type Winners } from '../kernels/tuning.ts';
import { ShapeError } from '../runtime/errors.ts';
import type { Gpu } from '../runtime/gpu.ts';
import type { Program } from '../runtime/program.ts';
import { ConstantStore, isStored } from './constants.ts';
import { lower, placeShared, type SharedMemory, type Value } from './lowering.ts';
import { describe, type Node, reachable, type Shape, sizeOf } from './node.ts';
import { inputOp, nameOf, parameterOp } from './ops/input.ts';
import type { ParameterSlab } from './parameters.ts';
import { type PassName, passes } from './passes/index.ts';
import { summarise } from './summary.ts';

export interface CompileOptions {
  readonly label: string;
  /** What is computed, by name. */
  readonly outputs: Readonly<Record<string, Node>>;
  /** Holds the graph's parameters; may be left out for a graph without any. */
  readonly parameters?: ParameterSlab;
  /** Outputs that are written to a given place, such as a gradient slab, instead of a buffer of their own. */
  readonly into?: Readonly<Record<string, Binding>>;
  /** Holds the graph's constants, for several executables; default one of this executable's own. */
  readonly constants?: ConstantStore;
  /** Optimisation passes to leave out, for tests. */
  readonly without?: readonly PassName[];
  /** Whether the tuner may measure what it does not know; default true, on a device that was opened with `tune`. */
  readonly tune?: boolean;
}

/** A compiled graph. Feed it, submit its program, read its outputs; as often as needed. */
export class Executable {
  readonly program: Program;
  /** Bytes of the buffers that this executable owns. */
  readonly bytes: number;
  /** The algorithms that the tuner chose, by convolution; empty without a tuner. */
  readonly tuned: Winners;
  /** What its intermediate results take. */
  readonly shared: SharedMemory;
  readonly #gpu: Gpu;
  readonly #inputs: ReadonlyMap<string, { shape: Shape; buffer: GPUBuffer }>;
  readonly #outputs: ReadonlyMap<string, { shape: Shape; place: Binding }>;
  readonly #owned: readonly GPUBuffer[];
  readonly #constants: ConstantStore | undefined;

  /** Use `compile`. */
  constructor(
    gpu: Gpu,
    program: Program,
    inputs: ReadonlyMap<string, { shape: Shape; buffer: GPUBuffer }>,
    outputs: ReadonlyMap<string, { shape: Shape; place: Binding }>,
    owned: readonly GPUBuffer[],
    constants: ConstantStore | undefined,
    tuned: Winners,
    shared: SharedMemory,
  ) {
    this.#gpu = gpu;
    this.program = program;
    this.#inputs = inputs;
    this.#outputs = outputs;
    this.#owned = owned;
    this.#constants = constants;
    this.tuned = tuned;
    this.shared = shared;
    this.bytes = owned.reduce((sum, { size }) => sum + size, 0);
  }

  /** Writes an input. @throws ShapeError for an unknown name, or data of another length. */
  feed(name: string, data: ArrayBufferView<ArrayBuffer>): void {
    const input = this.#input(name);
    const bytes = sizeOf(input.shape) * 4;
    if (data.byteLength !== bytes) {
      throw new ShapeError(`feed '${name}': expected ${describe(input.shape)}, ${bytes} bytes, got ${data.byteLength}`);
    }
    this.#gpu.write(input.buffer, data);
  }

  /** Where an input lies, for other programs to write. */
  input(name: string): Binding {
    return this.#input(name).buffer;
  }

  /** Replays the program, in one submit. */
  run(): void {
    this.#gpu.submit(this.program);
  }

  /** Reads an output back as float32, after all submitted work. */
  async read(name: string): Promise<Float32Array<ArrayBuffer>> {
    const { shape, place } = this.#output(name);
    const { buffer, offset = 0 } = 'buffer' in place ? place : { buffer: place };
    return new Float32Array(await this.#gpu.read(buffer, sizeOf(shape) * 4, offset));
  }

  /** Where an output lies, for other programs to read. */
  output(name: string): Binding {
    return this.#output(name).place;
  }

  /** Frees the buffers. The parameters stay, and so do constants of a store that was given. */
  destroy(): void {
    for (const buffer of this.#owned) this.#gpu.free(buffer);
    this.#constants?.destroy();
    this.program.destroy();
  }

  #input(name: string) {
    const input = this.#inputs.get(name);
    if (!input) throw new ShapeError(`feed: expected one of ${[...this.#inputs.keys()].join(', ')}, got '${name}'`);
    return input;
  }

  #output(name: string) {
    const output = this.#outputs.get(name);
    if (!output) throw new ShapeError(`read: expected one of ${[...this.#outputs.keys()].join(', ')}, got '${name}'`);
    return output;
  }
}

/**
 * Compiles the graph that computes `outputs`.
 *
 * @throws ShapeError, KernelError, or DeviceError where the graph does not fit the device.
 */
export async function compile(gpu: Gpu, options: CompileOptions): Promise<Executable> {
  await settlePrecision(gpu);
  const names = Object.keys(options.outputs);
  const outputs = optimise(Object.values(options.outputs), options.without ?? []);
  const nodes = reachable(outputs);

  const constants = options.constants ?? new ConstantStore(gpu);
  const owned: GPUBuffer[] = [];
  const own = (label: string, elements: number): GPUBuffer => {
    const buffer = gpu.buffer(label, elements * 4);
    owned.push(buffer);
    return buffer;
  };
  try {
    const inputs = new Map<string, { shape: Shape; buffer: GPUBuffer }>();
    const values = new Map<Node, Value<Binding>>();
    for (const node of nodes) {
      const alias = node.op.alias?.(node.attrs);
      if (alias !== undefined) {
        values.set(node, values.get(node.inputs[alias]!)!);
        continue;
      }
      const value: Value<Binding> = { elements: sizeOf(node.shape), label: node.op.name, place: undefined };
      if (isStored(node)) {
        value.place = await constants.get(node, (root, buffer, leaves) => evaluate(gpu, root, buffer, leaves));
      } else if (node.op === inputOp) {
        const buffer = own(nameOf(node), value.elements);
        inputs.set(nameOf(node), { shape: node.shape, buffer });
        value.place = buffer;
      } else if (node.op === parameterOp) {
        if (!options.parameters) throw new ShapeError(`compile: expected parameters, for '${nameOf(node)}', got none`);
        value.place = options.parameters.binding(nameOf(node));
      }
      values.set(node, value);
    }
    names.forEach((name, i) => {
      const value = values.get(outputs[i]!)!;
      const wanted = options.into?.[name];
      if (wanted && value.place) {
        throw new ShapeError(`compile: expected '${name}' to be a result of its own, got one that has a place already`);
      }
      value.place ??= wanted ?? own(name, value.elements);
    });

    const tuned: Winners = gpu.tune && options.tune !== false ? await tune(gpu, nodes, values) : new Map();
    const calls = lower(nodes, values, { ...traitsOf(gpu), tuned: (task) => tuned.get(keyOf(task)) });
    const shared = placeShared<Binding>(calls, own);
    const bound = calls.map((call) => ({
      ...call,
      buffers: Object.fromEntries(Object.entries(call.buffers).map(([key, value]) => [key, value.place!])),
    }));
    const program = await record(gpu, options.label, bound);
    const results = names.map(
      (name, i) => [name, { shape: outputs[i]!.shape, place: values.get(outputs[i]!)!.place! }] as const,
    );
    const ownConstants = options.constants ? undefined : constants;
    const executable = new Executable(gpu, program, inputs, new Map(results), owned, ownConstants, tuned, shared);
    if (gpu.verbose && options.tune !== false) summarise(options.label, executable).forEach(gpu.verbose);
    return executable;
  } catch (error) {
    for (const buffer of owned) gpu.free(buffer);
    if (!options.constants) constants.destroy();
    throw error;
  }
}

/** Computes a constant once. */
async function evaluate(gpu: Gpu, root: Node, buffer: GPUBuffer, leaves: ConstantStore): Promise<void> {
  const once = await compile(gpu, {
    label: 'constant',
    outputs: { value: root },
    into: { value: buffer },
    constants: leaves,
    without: Object.keys(passes) as PassName[],
    tune: false,
  });
  once.run();
  await gpu.fence();
  once.destroy();
}

/** Runs the passes that are not in `without`. */
export function optimise(outputs: readonly Node[], without: readonly PassName[]): Node[] {
  let result = [...outputs];
  for (const [name, pass] of Object.entries(passes)) {
    if (!without.includes(name as PassName)) result = pass(result);
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
  const { Tuner } = await import('../kernels/tuner.ts');
  return Tuner.of(gpu).tune(tasks);
}
