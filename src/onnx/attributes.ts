/** A node's attributes: typed look-ups that say what is wrong, and with which node. */
import { FormatError } from '../runtime/errors.ts';
import type { OnnxTensor } from './tensor_types.ts';

/** What an attribute can hold. Of `other` kinds (subgraphs, sparse tensors, types) only the presence is kept. */
export type AttributeValue =
  | { readonly kind: 'int'; readonly value: number }
  | { readonly kind: 'ints'; readonly value: readonly number[] }
  | { readonly kind: 'float'; readonly value: number }
  | { readonly kind: 'floats'; readonly value: readonly number[] }
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'strings'; readonly value: readonly string[] }
  | { readonly kind: 'tensor'; readonly value: OnnxTensor }
  | { readonly kind: 'tensors'; readonly value: readonly OnnxTensor[] }
  | { readonly kind: 'other'; readonly value: string };

type Kind = AttributeValue['kind'];
type ValueOf<K extends Kind> = Extract<AttributeValue, { kind: K }>['value'];

/** The attributes of one node, by name. */
export class Attributes {
  readonly #node: string;
  readonly #values: ReadonlyMap<string, AttributeValue>;

  /** @param node what messages call the node they belong to */
  constructor(node: string, values: ReadonlyMap<string, AttributeValue>) {
    this.#node = node;
    this.#values = values;
  }

  /** Lists the names, in the order of the file. */
  names(): string[] {
    return [...this.#values.keys()];
  }

  /** Tells whether the file gives the attribute, of whatever type. */
  has(name: string): boolean {
    return this.#values.has(name);
  }

  /**
   * Looks up an integer.
   *
   * @throws FormatError when it is of another type, past 2^53, or missing and without a default; so do all the others.
   */
  int(name: string, otherwise?: number): number {
    return this.#exact(name, this.#get(name, 'int', otherwise));
  }

  /** Looks up a list of integers. */
  ints(name: string, otherwise?: readonly number[]): readonly number[] {
    const values = this.#get(name, 'ints', otherwise);
    for (const value of values) this.#exact(name, value);
    return values;
  }

  /** Looks up a float32 number. */
  float(name: string, otherwise?: number): number {
    return this.#get(name, 'float', otherwise);
  }

  /** Looks up a list of float32 numbers. */
  floats(name: string, otherwise?: readonly number[]): readonly number[] {
    return this.#get(name, 'floats', otherwise);
  }

  /** Looks up a text. */
  string(name: string, otherwise?: string): string {
    return this.#get(name, 'string', otherwise);
  }

  /** Looks up a list of texts. */
  strings(name: string, otherwise?: readonly string[]): readonly string[] {
    return this.#get(name, 'strings', otherwise);
  }

  /** Looks up a constant array. Its numbers are decoded when it is asked for them. */
  tensor(name: string): OnnxTensor {
    return this.#get(name, 'tensor');
  }

  #get<K extends Kind>(name: string, kind: K, otherwise?: ValueOf<K>): ValueOf<K> {
    const found = this.#values.get(name);
    if (found?.kind === kind) return found.value as ValueOf<K>;
    if (found === undefined && otherwise !== undefined) return otherwise;
    const got = found === undefined ? 'nothing' : found.kind === 'other' ? found.value : found.kind;
    throw new FormatError({ where: this.#node, expected: `attribute '${name}' of type ${kind}`, got });
  }

  #exact(name: string, value: number): number {
    // ±2^63 is what exporters' "to the very end" becomes.
    if (Number.isSafeInteger(value) || Math.abs(value) === 2 ** 63) return value;
    throw new FormatError({ where: this.#node, expected: `attribute '${name}' within 2^53`, got: value });
  }
}
