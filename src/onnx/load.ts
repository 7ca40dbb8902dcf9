/** Loads an ONNX model to run it, or to build it into a bigger graph. Loaded lazily: see `index.ts`. */
import { compile } from '../graph/compile.ts';
import { ConstantStore } from '../graph/constants.ts';
import type { Executable } from '../graph/executable.ts';
import { describe, type Node, reachable, type Shape, sizeOf } from '../graph/node.ts';
import { input, inputOp, nameOf } from '../graph/ops/input.ts';
import type { PassName } from '../graph/passes/index.ts';
import { ShapeError } from '../runtime/errors.ts';
import type { Gpu } from '../runtime/gpu.ts';
import { checkOperators, importGraph } from './import.ts';
import type { OnnxFile, OnnxGraph, ValueInfo } from './model.ts';
import { readOnnx, selectOutputs } from './read.ts';
import type { Value } from './values.ts';

export interface OnnxOptions {
  /** The values to compute, of all that the file names; default: its outputs. */
  readonly outputs?: readonly string[];
  /** External data by location, for models that are not read from a path. */
  readonly external?: Readonly<Record<string, Uint8Array>>;
  /** Optimisation passes to leave out, for tests. */
  readonly without?: readonly PassName[];
  /** What messages call the file; default its path. */
  readonly name?: string;
}

/** An array in row-major order. */
export interface OnnxArray {
  readonly data: Float32Array;
  readonly shape: readonly number[];
}

/** How many sets of input shapes stay compiled. */
const KEPT = 4;

interface Compiled {
  /** Undefined where nothing is left to compute. */
  readonly executable: Executable | undefined;
  /** The inputs whose elements matter, not their shapes alone. */
  readonly fed: ReadonlySet<string>;
  readonly values: Readonly<Record<string, Value>>;
}

/** A model on a device, in the file's own layout. */
export class OnnxModel {
  readonly file: OnnxFile;
  /** What must be fed. A dimension that is a text may have any extent. */
  readonly inputs: readonly ValueInfo[];
  /** What is computed, as the file declares it. */
  readonly outputs: readonly ValueInfo[];
  /** The weights on the device, shared by everything that is compiled from this model. */
  readonly constants: ConstantStore;
  readonly #gpu: Gpu;
  readonly #graph: OnnxGraph;
  readonly #without: readonly PassName[];
  readonly #compiled = new Map<string, Promise<Compiled>>();
  readonly #executables = new Set<Executable>();

  /** Use `loadOnnx`. */
  constructor(gpu: Gpu, file: OnnxFile, graph: OnnxGraph, without: readonly PassName[]) {
    this.file = file;
    this.inputs = graph.inputs;
    this.outputs = graph.outputs;
    this.constants = new ConstantStore(gpu);
    this.#gpu = gpu;
    this.#graph = graph;
    this.#without = without;
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
   * Compiles the model for inputs of `shapes`. The last four are kept for when they come again; older ones are freed.
   *
   * @throws ShapeError, FormatError as `build` does; DeviceError where it does not fit the device.
   */
  async compile(shapes: Readonly<Record<string, Shape>>): Promise<Executable> {
    const { executable } = await this.#specialise(shapes);
    if (executable) return executable;
    throw new ShapeError(`${this.file.name}: expected outputs to compute, got constants alone – use run`);
  }

  /**
   * Computes the outputs.
   *
   * @throws ShapeError for inputs that are missing, unknown, or not as declared; and what `compile` throws.
   */
  async run(feeds: Readonly<Record<string, OnnxArray>>): Promise<Record<string, OnnxArray>> {
    for (const [name, { data, shape }] of Object.entries(feeds)) {
      if (data.length !== sizeOf(shape)) {
        throw new ShapeError(
          `${this.file.name}: expected '${name}' ${describe(shape)} as ${sizeOf(shape)} numbers, got ${data.length}`,
        );
      }
    }
    const shapes = Object.fromEntries(Object.entries(feeds).map(([name, { shape }]) => [name, shape]));
    const { executable, fed, values } = await this.#specialise(shapes);
    for (const name of fed) executable!.feed(name, feeds[name]!.data as Float32Array<ArrayBuffer>);
    executable?.run();
    // All reads are submitted before the first is waited for: another run cannot come between.
    const results = Object.entries(values).map(async ([name, { numbers, shape }]) => {
      return [name, { data: numbers ? Float32Array.from(numbers) : await executable!.read(name), shape }] as const;
    });
    return Object.fromEntries(await Promise.all(results));
  }

  /** Frees what is on the device. */
  destroy(): void {
    for (const executable of this.#executables) executable.destroy();
    this.#executables.clear();
    this.#compiled.clear();
    this.constants.destroy();
  }

  #import(feeds: Readonly<Record<string, Node>>): Record<string, Value> {
    this.#checkShapes(Object.fromEntries(Object.entries(feeds).map(([name, { shape }]) => [name, shape])));
    return importGraph(this.file, this.#graph, feeds);
  }

  #specialise(shapes: Readonly<Record<string, Shape>>): Promise<Compiled> {
    const key = JSON.stringify(this.inputs.map(({ name }) => shapes[name]));
    const known = this.#compiled.get(key);
    this.#compiled.delete(key);
    const compiled = known ?? this.#compile(shapes);
    this.#compiled.set(key, compiled);
    if (this.#compiled.size > KEPT) this.#forgetOldest();
    compiled.catch(() => this.#compiled.delete(key));
    return compiled;
  }

  #forgetOldest(): void {
    const [key, compiled] = [...this.#compiled][0]!;
    this.#compiled.delete(key);
    // Later, behind the runs that wait for it.
    const forget = ({ executable }: Compiled) => {
      if (executable && this.#executables.delete(executable)) executable.destroy();
    };
    compiled.then(forget, () => undefined);
  }

  async #compile(shapes: Readonly<Record<string, Shape>>): Promise<Compiled> {
    const values = this.#import(mapValues(shapes, (shape, name) => input(name, shape)));
    const computed = Object.entries(values).filter(([, { numbers }]) => !numbers);
    if (computed.length === 0) return { executable: undefined, fed: new Set(), values };
    const outputs = Object.fromEntries(computed.map(([name, value]) => [name, value.stored]));
    const fed = reachable(Object.values(outputs)).filter(({ op }) => op === inputOp);
    const { constants } = this;
    const label = this.file.name;
    const executable = await compile(this.#gpu, { label, outputs, constants, without: this.#without });
    this.#executables.add(executable);
    return { executable, fed: new Set(fed.map(nameOf)), values };
  }

  #checkShapes(shapes: Readonly<Record<string, Shape>>): void {
    const declared = new Map(this.inputs.map(({ name, shape }) => [name, shape]));
    const expected = [...declared.keys()].map((name) => `'${name}'`).join(', ') || 'none';
    for (const name of Object.keys(shapes)) {
      // One that the chosen outputs do not need may be fed all the same.
      if (this.file.graph.inputs.every((each) => each.name !== name)) {
        throw new ShapeError(`${this.file.name}: expected inputs ${expected}, got '${name}' too`);
      }
    }
    for (const [name, wanted] of declared) {
      const shape = Object.hasOwn(shapes, name) ? shapes[name] : undefined;
      if (!shape) throw new ShapeError(`${this.file.name}: expected inputs ${expected}, got none for '${name}'`);
      const fits = (extent: number, axis: number) => typeof wanted?.[axis] !== 'number' || wanted[axis] === extent;
      if (wanted && (wanted.length !== shape.length || !shape.every(fits))) {
        const texts = wanted.map((extent) => (extent === '' ? 'any' : extent));
        throw new ShapeError(
          `${this.file.name}: expected input '${name}' as [${texts.join(', ')}], got ${describe(shape)}`,
        );
      }
      if (shape.some((extent) => !Number.isSafeInteger(extent) || extent < 1)) {
        throw new ShapeError(`${this.file.name}: expected input '${name}' with elements, got ${describe(shape)}`);
      }
    }
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
  const { outputs, external, name, without = [] } = options;
  const file = await readOnnx(source, { ...(name ? { name } : {}), ...(external ? { external } : {}) });
  const graph = selectOutputs(file.graph, outputs ?? file.graph.outputs.map(({ name }) => name));
  checkOperators(file, graph);
  return new OnnxModel(gpu, file, graph, without);
}

function mapValues<A, B>(record: Readonly<Record<string, A>>, f: (value: A, key: string) => B): Record<string, B> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, f(value, key)]));
}
