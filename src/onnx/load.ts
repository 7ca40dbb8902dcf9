/** Loads an ONNX model to run it, or to build it into a bigger graph. Loaded lazily: see `index.ts`. */
import { compile } from '../graph/compile.ts';
import { ConstantStore } from '../graph/constants.ts';
import type { Executable } from '../graph/executable.ts';
import { isOp, type Node, reachable, type Shape } from '../graph/node.ts';
import { input, inputOp, nameOf } from '../graph/ops/core/input.ts';
import type { PassName } from '../graph/passes/index.ts';
import { expectGpu, expectObject, expectOptions, expectSource } from '../runtime/arguments.ts';
import { asyncDispose, type Closable } from '../runtime/dispose.ts';
import { closedError, ShapeError } from '../runtime/errors.ts';
import type { Gpu } from '../runtime/gpu.ts';
import { RecentlyUsed } from '../runtime/recently_used.ts';
import { checkArrays, checkShapes, type OnnxArray } from './check_inputs.ts';
import { checkOperators, importGraph } from './import.ts';
import type { OnnxFile, OnnxGraph, ValueInfo } from './model.ts';
import { readOnnx, selectOutputs } from './read.ts';
import type { Value } from './values.ts';

/** What `loadOnnx` computes of a file, and where the rest of it is. */
export interface OnnxOptions {
  /** The values to compute, of all that the file names; default: its outputs. */
  readonly outputs?: readonly string[];
  /** External data by location, for models that are not read from a path. */
  readonly external?: Readonly<Record<string, Uint8Array>>;
  /** Optimization passes to leave out, for tests. */
  readonly disablePasses?: readonly PassName[];
  /** What messages call the file; default its path. */
  readonly name?: string;
}

export type { OnnxArray } from './check_inputs.ts';

const OPTIONS = ['outputs', 'external', 'disablePasses', 'name'] as const satisfies (keyof OnnxOptions)[];

/** How many sets of input shapes stay compiled for `run`. */
const KEPT = 4;

interface Compiled {
  /** Undefined where nothing is left to compute. */
  readonly executable: Executable | undefined;
  close(): void;
  /** The inputs whose elements matter, not their shapes alone. */
  readonly fed: ReadonlySet<string>;
  readonly values: Readonly<Record<string, Value>>;
}

/** A model on a device, in the file's own layout. */
export class OnnxModel implements Closable {
  readonly file: OnnxFile;
  /** What must be fed. A dimension that is a text may have any extent. */
  readonly inputs: readonly ValueInfo[];
  /** What is computed, as the file declares it. */
  readonly outputs: readonly ValueInfo[];
  /** The weights on the device, shared by everything that is compiled from this model. */
  readonly constants: ConstantStore;
  readonly #gpu: Gpu;
  readonly #graph: OnnxGraph;
  readonly #disablePasses: readonly PassName[];
  /** For `run`, by the inputs' shapes. */
  readonly #recent = new RecentlyUsed<Compiled>(KEPT);
  /** What `compile` has handed out. */
  readonly #lent = new Map<string, Promise<Compiled>>();
  #closed = false;

  /** Use `loadOnnx`. */
  constructor(gpu: Gpu, file: OnnxFile, graph: OnnxGraph, disablePasses: readonly PassName[]) {
    this.file = file;
    this.inputs = graph.inputs;
    this.outputs = graph.outputs;
    this.constants = new ConstantStore(gpu);
    this.#gpu = gpu;
    this.#graph = graph;
    this.#disablePasses = disablePasses;
  }

  /**
   * Builds the graph that computes the outputs from `feeds`, to embed it in a bigger one. Compile that with `constants`.
   *
   * @throws ShapeError for feeds that the file does not declare so, FormatError for what cannot be imported.
   */
  build(feeds: Readonly<Record<string, Node>>): Record<string, Node> {
    const values = this.#import(feeds);
    return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, value.node]));
  }

  /**
   * Compiles the model for inputs of `shapes`. The executable stays until you close it, or the model; the same shapes give
   * the same one until then.
   *
   * @throws ShapeError, FormatError as `build` does; DeviceError where it does not fit the device, or the model is closed.
   */
  async compile(shapes: Readonly<Record<string, Shape>>): Promise<Executable> {
    this.#check();
    expectObject(this.file.name, 'shapes by name', shapes);
    const key = this.#keyOf(shapes);
    const lent = (await this.#lentFor(key)) ?? (await this.#lend(key, shapes));
    if (lent.executable) return lent.executable;
    throw new ShapeError({
      where: this.file.name,
      expected: 'outputs to compute',
      got: 'constants alone',
      hint: 'use run',
    });
  }

  /**
   * Computes the outputs.
   *
   * @throws ShapeError for inputs that are missing, unknown, or not as declared; ArgumentError for what is no array of
   *   float32; and what `compile` throws.
   */
  async run(feeds: Readonly<Record<string, OnnxArray>>): Promise<Record<string, OnnxArray>> {
    this.#check();
    checkArrays(this.file.name, feeds);
    const shapes = Object.fromEntries(Object.entries(feeds).map(([name, { shape }]) => [name, shape]));
    const key = this.#keyOf(shapes);
    const { executable, fed, values } =
      (await this.#lentFor(key)) ?? (await this.#recent.get(key, () => this.#compile(shapes)));
    for (const name of fed) executable!.feed(name, feeds[name]!.data as Float32Array<ArrayBuffer>);
    executable?.run();
    // All reads are submitted before the first is waited for: another run cannot come between.
    const results = Object.entries(values).map(async ([name, { numbers, shape }]) => {
      return [name, { data: numbers ? Float32Array.from(numbers) : await executable!.read(name), shape }] as const;
    });
    return Object.fromEntries(await Promise.all(results));
  }

  /** Frees what is on the device, with what `compile` has handed out. Safe to call twice. */
  close(): void {
    this.#closed = true;
    this.#recent.close();
    for (const lent of this.#lent.values()) {
      lent.then(
        (compiled) => compiled.close(),
        () => undefined,
      );
    }
    this.#lent.clear();
    this.constants.close();
  }

  async [asyncDispose](): Promise<void> {
    this.close();
  }

  #check(): void {
    if (this.#closed) throw closedError(`model ${this.file.name}`, 'load it again');
  }

  #import(feeds: Readonly<Record<string, Node>>): Record<string, Value> {
    this.#check();
    const shapes = Object.fromEntries(Object.entries(feeds).map(([name, { shape }]) => [name, shape]));
    checkShapes(this.file, this.inputs, shapes);
    return importGraph(this.file, this.#graph, feeds);
  }

  #keyOf(shapes: Readonly<Record<string, Shape>>): string {
    checkShapes(this.file, this.inputs, shapes);
    return JSON.stringify(this.inputs.map(({ name }) => shapes[name]));
  }

  /** What was handed out for these shapes, unless the caller has closed it. */
  async #lentFor(key: string): Promise<Compiled | undefined> {
    const lent = this.#lent.get(key);
    const compiled = await lent;
    if (!compiled?.executable?.isClosed) return compiled;
    if (this.#lent.get(key) === lent) this.#lent.delete(key);
    return undefined;
  }

  #lend(key: string, shapes: Readonly<Record<string, Shape>>): Promise<Compiled> {
    const compiled = this.#lent.get(key) ?? this.#recent.take(key) ?? this.#compile(shapes);
    this.#lent.set(key, compiled);
    compiled.catch(() => this.#lent.delete(key));
    return compiled;
  }

  async #compile(shapes: Readonly<Record<string, Shape>>): Promise<Compiled> {
    const values = this.#import(mapValues(shapes, (shape, name) => input(name, shape)));
    const computed = Object.entries(values).filter(([, { numbers }]) => !numbers);
    if (computed.length === 0) return { executable: undefined, close: () => undefined, fed: new Set(), values };
    const outputs = Object.fromEntries(computed.map(([name, value]) => [name, value.stored]));
    const fed = reachable(Object.values(outputs)).filter((node) => isOp(node, inputOp));
    const { constants } = this;
    const label = this.file.name;
    const executable = await compile(this.#gpu, { label, outputs, constants, disablePasses: this.#disablePasses });
    if (this.#closed) {
      executable.close();
      this.#check();
    }
    return { executable, close: () => executable.close(), fed: new Set(fed.map(nameOf)), values };
  }
}

/**
 * Loads an ONNX model: decodes it and checks its operators. The weights are uploaded when it is first compiled.
 *
 * @param source the bytes, or in Node a path, or a URL
 * @throws FormatError for a damaged file, and for operators that cannot be imported: all of them at once.
 */
export async function loadOnnx(
  gpu: Gpu,
  source: Uint8Array | string | URL,
  options: OnnxOptions = {},
): Promise<OnnxModel> {
  expectGpu('loadOnnx', gpu);
  expectSource('loadOnnx', source);
  expectOptions('loadOnnx', options, OPTIONS);
  const { outputs, external, name, disablePasses = [] } = options;
  const file = await readOnnx(source, { ...(name ? { name } : {}), ...(external ? { external } : {}) });
  const graph = selectOutputs(file.graph, outputs ?? file.graph.outputs.map(({ name }) => name));
  checkOperators(file, graph);
  return new OnnxModel(gpu, file, graph, disablePasses);
}

function mapValues<A, B>(record: Readonly<Record<string, A>>, f: (value: A, key: string) => B): Record<string, B> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, f(value, key)]));
}
