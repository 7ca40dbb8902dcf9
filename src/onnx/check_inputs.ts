/** Checks of what a model is fed with, against what its file declares. */
import { describe, type Shape, sizeOf } from '../graph/node.ts';
import { expectObject, isKind, kindOf } from '../runtime/arguments.ts';
import { ArgumentError, ShapeError } from '../runtime/errors.ts';
import type { OnnxFile, ValueInfo } from './model.ts';

/** An array in row-major order. */
export interface OnnxArray {
  readonly data: Float32Array;
  readonly shape: readonly number[];
}

/**
 * Checks the shapes of all inputs.
 *
 * @param inputs those that must be there: what the chosen outputs need
 * @throws ShapeError for inputs that are missing, unknown, or not as declared; ArgumentError for what is no shape
 */
export function checkShapes(
  { name: file, graph }: OnnxFile,
  inputs: readonly ValueInfo[],
  shapes: Readonly<Record<string, Shape>>,
): void {
  const declared = new Map(inputs.map(({ name, shape }) => [name, shape]));
  const expected = [...declared.keys()].map((name) => `'${name}'`).join(', ') || 'none';
  for (const name of Object.keys(shapes)) {
    // One that the chosen outputs do not need may be fed all the same.
    if (graph.inputs.every((each) => each.name !== name)) {
      throw new ShapeError({ where: file, expected: `inputs ${expected}`, got: `'${name}' too` });
    }
  }
  for (const [name, wanted] of declared) {
    const shape = Object.hasOwn(shapes, name) ? shapes[name] : undefined;
    if (!shape) throw new ShapeError({ where: file, expected: `inputs ${expected}`, got: `none for '${name}'` });
    const fits = (extent: number, axis: number) => typeof wanted?.[axis] !== 'number' || wanted[axis] === extent;
    if (wanted && (wanted.length !== shape.length || !shape.every(fits))) {
      const texts = wanted.map((extent) => (extent === '' ? 'any' : extent));
      throw new ShapeError({
        where: file,
        expected: `input '${name}' as [${texts.join(', ')}]`,
        got: describe(shape),
      });
    }
    if (!Array.isArray(shape)) {
      throw new ArgumentError({
        where: file,
        expected: `the shape of '${name}' as numbers`,
        got: kindOf(shape),
      });
    }
    if (shape.some((extent) => !Number.isSafeInteger(extent) || extent < 1)) {
      throw new ShapeError({
        where: file,
        expected: `input '${name}' with elements`,
        got: describe(shape),
      });
    }
  }
}

/** Checks the arrays of inputs. @throws ArgumentError for what is no array of float32, ShapeError for too few or many numbers */
export function checkArrays(file: string, feeds: Readonly<Record<string, OnnxArray>>): void {
  expectObject(file, 'inputs by name', feeds);
  for (const [name, array] of Object.entries(feeds)) {
    expectArray(`${file}: input '${name}'`, array);
    const { data, shape } = array;
    if (data.length === sizeOf(shape)) continue;
    const expected = `'${name}' ${describe(shape)} as ${sizeOf(shape)} numbers`;
    throw new ShapeError({ where: file, expected, got: data.length });
  }
}

/** @throws ArgumentError unless `array` is float32 with a shape. */
function expectArray(where: string, array: unknown): asserts array is OnnxArray {
  expectObject(where, '{ data, shape }', array);
  const { data, shape } = array as { readonly data?: unknown; readonly shape?: unknown };
  if (!isKind(data, 'Float32Array')) {
    throw new ArgumentError({
      where,
      expected: 'data as a Float32Array',
      got: kindOf(data),
      hint: 'convert it: Float32Array.from(data)',
    });
  }
  if (!Array.isArray(shape)) {
    throw new ArgumentError({ where, expected: 'shape as an array of numbers', got: kindOf(shape) });
  }
}
