import { apply, defineOp, type Shape } from '../../node.ts';

export interface TensorAttrs {
  readonly name: string;
  readonly shape: Shape;
  /** Gives the values when they are uploaded; so a large file's weights are never all decoded at once. */
  readonly load: () => Float32Array;
}

/** An array that never changes: the weights of an imported network. */
export const tensorOp = defineOp<TensorAttrs>({
  name: 'tensor',
  shape: (_, { shape }) => shape,
  lower: () => undefined,
  gradient: 'source',
});

export const tensor = (name: string, shape: Shape, load: () => Float32Array) =>
  apply(tensorOp, [], { name, shape, load });
