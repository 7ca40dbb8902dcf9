/**
 * Constant arrays: what is checked when a file is opened, and the numbers when they are asked for.
 *
 * A tensor keeps the bytes of its message, and walks them again for each `floats()`: nothing is held twice. The number
 * of elements in the data is compared with the shape before anything of that size is made.
 */
import { FormatError } from '../runtime/errors.ts';
import { ELEMENTS, type Element, otherElement } from './elements.ts';
import { externalBytes } from './external.ts';
import { guard } from './proto.ts';
import { type Header, readField, readHeader } from './tensor_message.ts';
import type { OnnxTensor } from './tensor_types.ts';

/** Shapes, axes, indices: as JavaScript numbers they are up to eight times larger than in the file. */
const MAX_INTEGERS = 2 ** 22;

/**
 * Decodes one tensor, such as a `.pb` file of ONNX's node tests. Its numbers stay encoded until they are asked for.
 *
 * @param place for messages: the file, and what the tensor is in it
 * @param files external data by location
 * @throws FormatError when it is damaged, of a type that is not decoded, or its data does not match its shape.
 */
export function decodeTensor(
  bytes: Uint8Array,
  place: string,
  files: ReadonlyMap<string, Uint8Array> = new Map(),
): OnnxTensor {
  const header = guard(place, () => readHeader(bytes, place));
  const where = header.name ? `${place} '${header.name}'` : place;
  const element = ELEMENTS[header.code];
  if (!element) {
    const known = Object.values(ELEMENTS).map(({ type }) => type);
    throw new FormatError({ where, expected: `elements of ${known.join(', ')}`, got: otherElement(header.code) });
  }
  const size = sizeOf(header.shape, where);
  const count = header.counts.get(element.field) ?? 0;
  const raw = header.external
    ? externalBytes(header.external, files, where)
    : count === 0 && element.bytes
      ? (header.raw ?? new Uint8Array())
      : undefined;
  const found = raw ? raw.length / element.bytes : count;
  const both = !header.external && count > 0 && header.raw?.length;
  if (found !== size || both) {
    const got = both ? 'them twice, raw and typed' : raw ? `${raw.length} bytes` : `${count}`;
    const expected = `${size} numbers of ${element.type} for shape [${header.shape}]`;
    throw new FormatError({ where, expected, got, hint: 'fetch or export it again' });
  }
  return new StoredTensor(header, element, size, raw, bytes, where);
}

/** The location of a tensor's numbers in another file, if they are there. @throws FormatError when it is damaged. */
export function externalEntries(bytes: Uint8Array, where: string): ReadonlyMap<string, string> | undefined {
  return guard(where, () => readHeader(bytes, where)).external;
}

class StoredTensor implements OnnxTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly size: number;
  readonly #element: Element;
  readonly #raw: Uint8Array | undefined;
  readonly #message: Uint8Array;
  readonly #where: string;

  constructor(
    { name, shape }: Header,
    element: Element,
    size: number,
    raw: Uint8Array | undefined,
    message: Uint8Array,
    where: string,
  ) {
    this.name = name;
    this.shape = shape;
    this.size = size;
    this.#element = element;
    this.#raw = raw;
    this.#message = message;
    this.#where = where;
  }

  get type() {
    return this.#element.type;
  }

  floats(): Float32Array {
    if (this.type === 'string') throw new FormatError({ where: this.#where, expected: 'numbers', got: 'strings' });
    const numbers = new Float32Array(this.size);
    // Where WebGPU runs, float32 lies in memory as in the file.
    if (this.type === 'float32' && this.#raw) new Uint8Array(numbers.buffer).set(this.#raw);
    else this.#read(numbers);
    return numbers;
  }

  integers(): number[] {
    const { type } = this;
    if (!/^(u?int|bool)/.test(type)) throw new FormatError({ where: this.#where, expected: 'integers', got: type });
    if (this.size > MAX_INTEGERS)
      throw new FormatError({ where: this.#where, expected: `at most ${MAX_INTEGERS} integers`, got: this.size });
    const numbers = new Array<number>(this.size);
    this.#read(numbers);
    const inexact = numbers.find((number) => !Number.isSafeInteger(number) && Math.abs(number) !== 2 ** 63);
    if (inexact === undefined) return numbers;
    throw new FormatError({ where: this.#where, expected: 'integers within 2^53', got: inexact });
  }

  #read(numbers: Float32Array | number[]): void {
    const { read, field, bytes, convert = (stored: number) => stored } = this.#element;
    if (this.#raw) {
      const { buffer, byteOffset, byteLength } = this.#raw;
      const view = new DataView(buffer, byteOffset, byteLength);
      for (let i = 0; i < this.size; i++) numbers[i] = read(view, i * bytes);
    } else {
      let i = 0;
      const take = (stored: number) => {
        numbers[i++] = convert(stored);
      };
      guard(this.#where, () => readField(this.#message, field, take));
    }
  }
}

/** The product of a shape. @throws FormatError for negative extents, and past 2^53. */
function sizeOf(shape: readonly number[], where: string): number {
  const size = shape.includes(0) ? 0 : shape.reduce((product, extent) => product * extent, 1);
  if (shape.every((extent) => Number.isSafeInteger(extent) && extent >= 0) && Number.isSafeInteger(size)) return size;
  throw new FormatError({ where, expected: 'extents from 0 on with less than 2^53 elements', got: `[${shape}]` });
}
