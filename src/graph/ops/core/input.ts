import { apply, defineOp, type Node, type Shape } from '../../node.ts';

export interface SourceAttrs {
  readonly name: string;
  readonly shape: Shape;
}

/** An array that is written before each run. 32-bit elements: float32, or packed RGBA8 pixels. */
export const inputOp = defineOp<SourceAttrs>({
  name: 'input',
  shape: (_, { shape }) => shape,
  lower: () => undefined,
  gradient: 'source',
});

/** An array that lives in a parameter slab, and that training changes. */
export const parameterOp = defineOp<SourceAttrs>({
  name: 'parameter',
  shape: (_, { shape }) => shape,
  lower: () => undefined,
  gradient: 'source',
});

/** An array that is fed before each run, under `name`. */
export const input = (name: string, shape: Shape) => apply(inputOp, [], { name, shape });
/** An array that lives in a `ParameterSlab` under `name`, and that training changes. */
export const parameter = (name: string, shape: Shape) => apply(parameterOp, [], { name, shape });

/** The name of an `input` or `parameter` node. */
export function nameOf(node: Node<SourceAttrs>): string {
  return node.attrs.name;
}
