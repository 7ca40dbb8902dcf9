/**
 * Checks of what callers hand over: kinds of values, names of options. TypeScript says the same before anything runs;
 * JavaScript, and whatever comes out of `JSON.parse`, does not.
 */
import { ArgumentError } from './errors.ts';
import { nearest } from './nearest.ts';

/** What a value is, for messages: `Float32Array`, `an array`, `a string`, `null`. Right for arrays of other windows too. */
export function kindOf(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (ArrayBuffer.isView(value)) return (value as unknown as { [Symbol.toStringTag]: string })[Symbol.toStringTag];
  if (Array.isArray(value)) return 'an array';
  if (typeof value !== 'object') return typeof value === 'function' ? 'a function' : `a ${typeof value}`;
  const tag = Object.prototype.toString.call(value).slice(8, -1);
  return tag === 'Object' ? 'an object' : tag;
}

/** Whether a value is one of these: names as `kindOf` gives them. */
export function isKind(value: unknown, ...kinds: readonly string[]): boolean {
  return kinds.includes(kindOf(value));
}

/** @throws ArgumentError unless `value` is an object with properties, and no array. */
export function expectObject(where: string, what: string, value: unknown): asserts value is object {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value) && !ArrayBuffer.isView(value);
  if (!isObject) throw new ArgumentError({ where, expected: `${what} as an object`, got: kindOf(value) });
}

/** @throws ArgumentError for options that are no object, and for one that does not exist: the nearest one is named. */
export function expectOptions(where: string, options: unknown, known: readonly string[]): void {
  if (options === undefined) return;
  expectObject(where, 'options', options);
  for (const name of Object.keys(options)) {
    if (known.includes(name)) continue;
    const meant = nearest(name, known);
    const remedy = meant === undefined ? `there are ${known.join(', ')}` : `do you mean '${meant}'?`;
    throw new ArgumentError({ where, expected: 'an option that exists', got: `'${name}'`, hint: remedy });
  }
}

/** Whether a value is a file's bytes, or where it is. */
export function isSource(value: unknown): value is Uint8Array | string | URL {
  return typeof value === 'string' || isKind(value, 'Uint8Array', 'URL');
}

/** @throws ArgumentError unless `source` is a file's bytes, or where it is. */
export function expectSource(where: string, source: unknown): asserts source is Uint8Array | string | URL {
  if (isSource(source)) return;
  const remedy = isKind(source, 'ArrayBuffer', 'SharedArrayBuffer') ? 'wrap it: new Uint8Array(buffer)' : 'give one';
  throw new ArgumentError({
    where,
    expected: 'bytes as a Uint8Array, a path or a URL',
    got: kindOf(source),
    hint: remedy,
  });
}

/** Whether a source is bytes, and no place. */
export function isBytes(source: Uint8Array | string | URL): source is Uint8Array {
  return isKind(source, 'Uint8Array');
}

/** @throws ArgumentError unless `gpu` is what `Gpu.open` gives. */
export function expectGpu(where: string, gpu: unknown): void {
  if (typeof gpu === 'object' && gpu !== null && 'allocatedBytes' in gpu && 'submit' in gpu) return;
  throw new ArgumentError({ where, expected: 'a Gpu', got: kindOf(gpu), hint: 'open one: await Gpu.open()' });
}
