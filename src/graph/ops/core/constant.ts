import { fill } from '../../../kernels/elementwise/fill.ts';
import { apply, defineOp, type Shape, sizeOf } from '../../node.ts';

interface ConstantAttrs {
  readonly shape: Shape;
  readonly value: number;
}

/** y = value, everywhere. */
export const constantOp = defineOp<ConstantAttrs>({
  name: 'constant',
  shape: (_, { shape }) => shape,
  lower: (emit, { output, shape }, { value }) => emit.call(fill, { y: output }, { count: sizeOf(shape), value }),
  gradient: 'source',
});

/** An array of `shape` that holds `value` everywhere. */
export const constant = (shape: Shape, value: number) => apply(constantOp, [], { shape, value });
