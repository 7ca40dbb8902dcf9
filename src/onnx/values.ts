/** Values that names of an ONNX graph stand for while it is imported: numbers that are known already, or a node. */

import { describe, type Node, type Shape, sizeOf } from '../graph/node.ts';
import { constant } from '../graph/ops/core/constant.ts';
import { tensor } from '../graph/ops/core/tensor.ts';
import { ShapeError } from '../runtime/errors.ts';
import type { DataType, OnnxTensor } from './tensor_types.ts';

/** Most elements of a result on the device. */
export const MAX_ELEMENTS = 2 ** 28;
/** Most elements of an array that is computed while a graph is imported; shapes and index lists are far smaller. */
export const MAX_KNOWN = 2 ** 20;
/** Floating-point constants up to this size are known, so that operators can take them as scales, bounds and pads. */
const SMALL = 256;

/** Why an operator cannot be imported. All of a graph's are collected into one `FormatError`. */
export class Unsupported extends Error {}

/** An array of the file's: `numbers` where they are known during import, a graph node on demand. */
export class Value {
  readonly type: DataType;
  readonly shape: Shape;
  /** The numbers of a constant, in an array of their own; undefined where they depend on the model's inputs. */
  readonly floats: (() => Float32Array) | undefined;
  #numbers: readonly number[] | (() => readonly number[]) | undefined;
  #node: Node | undefined;
  readonly #load: (() => Node) | undefined;

  private constructor(
    type: DataType,
    shape: Shape,
    numbers: readonly number[] | (() => readonly number[]) | undefined,
    floats: (() => Float32Array) | undefined,
    load: () => Node,
  ) {
    this.type = type;
    this.shape = shape;
    this.floats = floats;
    this.#numbers = numbers;
    this.#load = load;
  }

  /**
   * In row-major order; undefined where they are large, or depend on the model's inputs. The file's integers are decoded
   * when this is first asked for.
   *
   * @throws ShapeError for more integers than can be known.
   */
  get numbers(): readonly number[] | undefined {
    if (typeof this.#numbers === 'function') this.#numbers = this.#numbers();
    return this.#numbers;
  }

  /** How many numbers are known by now. */
  get count(): number {
    return typeof this.#numbers === 'object' ? this.#numbers.length : 0;
  }

  /** Wraps what the device computes. @throws ShapeError for more elements than a buffer should have, or none. */
  static of(node: Node, type: DataType = 'float32'): Value {
    checkSize(node.shape);
    return new Value(type, node.shape, undefined, undefined, () => node);
  }

  /** Wraps numbers that are known. Floating-point ones are rounded to float32. */
  static constant(type: DataType, shape: Shape, numbers: readonly number[]): Value {
    checkSize(shape, MAX_KNOWN);
    const rounded = isInteger(type) ? numbers : numbers.map(Math.fround);
    const floats = () => Float32Array.from(rounded);
    return new Value(type, shape, rounded, floats, () => {
      const [first] = rounded;
      if (Number.isFinite(first) && rounded.every((number) => number === first)) return constant(shape, first!);
      // Constants on the device are told apart by name, so the name is what they hold. The file's begin with `file:`.
      return tensor(`bits ${new Uint32Array(floats().buffer).join()}`, shape, floats);
    });
  }

  /** Wraps a constant of the file's, of a name that is unique in it. Large weights are decoded only when uploaded. */
  static stored(array: OnnxTensor, name = array.name): Value {
    const { type, shape, size } = array;
    if (type === 'string') throw new Unsupported(`'${name}' holds strings`);
    const floats = () => array.floats();
    if (!isInteger(type)) return Value.decoded(type, shape, name, floats);
    if (size <= SMALL) return Value.constant(type, shape, array.integers());
    checkSize(shape);
    const integers = () => {
      checkSize(shape, MAX_KNOWN);
      return array.integers();
    };
    return new Value(type, shape, integers, floats, () => tensor(`file: ${name}`, shape, floats));
  }

  /** Wraps floating-point constants of a name that is unique in the file. Large ones are loaded only when uploaded. */
  static decoded(type: DataType, shape: Shape, name: string, load: () => Float32Array): Value {
    checkSize(shape);
    if (sizeOf(shape) <= SMALL) return Value.constant(type, shape, [...load()]);
    return new Value(type, shape, undefined, load, () => tensor(`file: ${name}`, shape, load));
  }

  /** The array in the graph. @throws Unsupported for integers: the device computes in float32 alone. */
  get node(): Node {
    if (isInteger(this.type)) {
      const why = this.floats ? 'are not computed on the device' : "depend on the model's inputs";
      throw new Unsupported(`its ${this.type} values ${describe(this.shape)} ${why}`);
    }
    return this.stored;
  }

  /** The array in the graph, whatever its type: integers that are fed lie there as float32. */
  get stored(): Node {
    if (sizeOf(this.shape) === 0) throw new ShapeError({ expected: 'at least one element', got: describe(this.shape) });
    this.#node ??= this.#load!();
    return this.#node;
  }
}

/** Whether `type` is one whose values are computed during import alone. */
export function isInteger(type: DataType): boolean {
  return !/float/.test(type);
}

/** @throws ShapeError for more than `most` elements, extents that are no counts, or more than eight axes. */
export function checkSize(shape: Shape, most = MAX_ELEMENTS): void {
  if (shape.length > 8) throw new ShapeError({ expected: 'at most 8 axes', got: shape.length });
  if (shape.some((extent) => !Number.isSafeInteger(extent) || extent < 0)) {
    throw new ShapeError({ expected: 'extents that are counts', got: describe(shape) });
  }
  if (sizeOf(shape) > most) throw new ShapeError({ expected: `at most ${most} elements`, got: describe(shape) });
}

/** How far apart neighbors of each axis are. */
export function stridesOf(shape: Shape): number[] {
  return shape.map((_, axis) => sizeOf(shape.slice(axis + 1)));
}

/** Copies known numbers: element i of the result is at `offset + Σ i[axis] · strides[axis]`. */
export function pick(value: Value, shape: Shape, offset: number, strides: readonly number[]): Value {
  checkSize(shape, MAX_KNOWN);
  let places = [offset];
  shape.forEach((extent, axis) => {
    places = places.flatMap((place) => Array.from({ length: extent }, (_, i) => place + i * strides[axis]!));
  });
  return Value.constant(
    value.type,
    shape,
    places.map((place) => value.numbers![place]!),
  );
}

/** Strides with which an array of `from` is read as one of `to`, by numpy's broadcasting. */
export function broadcastStrides(from: Shape, to: Shape): number[] {
  const own = stridesOf(from);
  const missing = to.length - from.length;
  return to.map((_, axis) => (axis < missing || from[axis - missing] === 1 ? 0 : own[axis - missing]!));
}

/** `-1` counts from the end. @throws ShapeError for an axis that is not there. */
export function normalizeAxis(axis: number, rank: number): number {
  if (!Number.isInteger(axis) || axis < -rank || axis >= rank) {
    throw new ShapeError({ expected: `an axis from ${-rank} to ${rank - 1}`, got: axis });
  }
  return axis < 0 ? axis + rank : axis;
}

/** 0, 1, …, n − 1. */
export function range(n: number): number[] {
  return Array.from({ length: n }, (_, i) => i);
}
