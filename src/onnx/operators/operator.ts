/** Interface of an operator's importer, and what it is given: the node's arguments and attributes. */
import { describe, type Node, type Shape } from '../../graph/node.ts';
import { reshape } from '../../graph/ops/movement/reshape.ts';
import { FormatError } from '../../runtime/errors.ts';
import type { Attributes } from '../attributes.ts';
import type { OnnxNode } from '../model.ts';
import { Unsupported, Value } from '../values.ts';

/** How nodes of one operator become nodes of the graph. */
export interface Operator {
  /** The attributes that it understands. Others are refused: ignoring them could give wrong numbers. */
  readonly attributes?: readonly string[];
  /** How many outputs can be used; default 1. */
  readonly outputs?: number;
  /** Tells why a node cannot be imported, from its attributes and the number of its outputs alone. */
  readonly refuse?: (attributes: Attributes, opset: number, outputs: number) => string | false;
  /** Returns the node's outputs, the first of them if there is one only. @throws Unsupported, ShapeError, FormatError */
  readonly run: (call: NodeContext) => Value | readonly Value[];
}

export type Operators = Readonly<Record<string, Operator>>;

/** One node with its arguments. */
export class NodeContext {
  readonly opset: number;
  readonly attributes: Attributes;
  /** How many outputs the node has. */
  readonly outputs: number;
  /** Constants that are decoded from attributes are told apart by this name. */
  readonly result: string;
  readonly #inputs: readonly (Value | undefined)[];

  constructor(node: OnnxNode, opset: number, inputs: readonly (Value | undefined)[]) {
    this.opset = opset;
    this.attributes = node.attributes;
    this.outputs = node.outputs.length;
    this.result = node.outputs[0] ?? '';
    this.#inputs = inputs;
  }

  /** All arguments. @throws FormatError where one is left out, or there are none. */
  all(): Value[] {
    return Array.from({ length: Math.max(1, this.#inputs.length) }, (_, i) => this.value(i));
  }

  /** An argument. @throws FormatError where it is left out. */
  value(index: number): Value {
    const value = this.#inputs[index];
    if (!value) throw new FormatError({ expected: `input ${index}`, got: `${this.#inputs.length} inputs without it` });
    return value;
  }

  /** An argument that may be left out. */
  optional(index: number): Value | undefined {
    return this.#inputs[index];
  }

  /** The graph node of an argument. @throws FormatError where it is left out. */
  node(index: number): Node {
    return this.value(index).node;
  }

  /** The numbers of an argument that may be left out. @throws Unsupported where they are known only at run time. */
  known(index: number): readonly number[] | undefined {
    const value = this.optional(index);
    if (value && !value.numbers) {
      throw new Unsupported(`its input ${index}, ${describe(value.shape)}, is not a constant`);
    }
    return value?.numbers;
  }

  /** Integers that older opsets give as attribute, newer ones as argument. */
  ints(attribute: string, index: number): readonly number[] | undefined {
    return this.known(index) ?? (this.attributes.has(attribute) ? this.attributes.ints(attribute) : undefined);
  }

  /** A number that older opsets give as attribute, newer ones as argument. */
  float(attribute: string, index: number, otherwise: number): number {
    return this.known(index)?.[0] ?? this.attributes.float(attribute, otherwise);
  }
}

/** The same elements with other extents. */
export function reshaped(value: Value, shape: Shape): Value {
  if (value.numbers) return Value.constant(value.type, shape, value.numbers);
  return Value.of(reshape(value.stored, shape), value.type);
}
