/** Quantized constants: integers that stand for numbers, as files keep their weights small. */
import { describe } from '../../graph/node.ts';
import { FormatError, ShapeError } from '../../runtime/errors.ts';
import { ELEMENTS } from '../elements.ts';
import type { DataType } from '../tensor_types.ts';
import { isInteger, normalizeAxis, stridesOf, Unsupported, Value } from '../values.ts';
import type { NodeContext, Operators } from './operator.ts';

const STORED = ['int8', 'uint8', 'int16', 'uint16', 'int32'];

export const quantizeOperators: Operators = {
  DequantizeLinear: {
    attributes: ['axis', 'block_size', 'output_dtype'],
    refuse: (attributes) => attributes.int('block_size', 0) !== 0 && 'it is quantized in blocks',
    run: (call) => {
      const { x, scale, zero } = operands(call);
      const { shape } = x.value;
      const axis = isSingle(scale.value) ? undefined : quantizedAxis(call, shape, scale.value);
      if (zero) checkZero(zero, x.value, scale.value);
      const [extent, stride] = axis === undefined ? [1, 1] : [shape[axis]!, stridesOf(shape)[axis]!];
      // (x - zero) · scale, decoded as other large constants are: when it is uploaded.
      const load = () => {
        const numbers = x.floats();
        const scales = scale.floats();
        const zeros = zero?.floats();
        numbers.forEach((number, i) => {
          const at = Math.floor(i / stride) % extent;
          numbers[i] = (number - (zeros?.[at] ?? 0)) * scales[at]!;
        });
        return numbers;
      };
      return Value.decoded(resultType(call, scale.value.type), shape, call.result, load);
    },
  },
};

interface Operand {
  readonly value: Value;
  readonly floats: () => Float32Array;
}

/** The arguments. @throws Unsupported unless they are constants, FormatError for types that there are not. */
function operands(call: NodeContext): { x: Operand; scale: Operand; zero: Operand | undefined } {
  const [x, scale] = [constantOf(call, 0), constantOf(call, 1)];
  const zero = call.optional(2) && constantOf(call, 2);
  if (!STORED.includes(x.value.type)) {
    throw new FormatError({ expected: `quantized numbers of ${STORED.join(', ')}`, got: x.value.type });
  }
  if (isInteger(scale.value.type)) throw new FormatError({ expected: 'floating-point scales', got: scale.value.type });
  return { x, scale, zero };
}

function constantOf(call: NodeContext, index: number): Operand {
  const value = call.value(index);
  const { floats } = value;
  if (floats) return { value, floats };
  throw new Unsupported(
    `its input ${index}, ${describe(value.shape)}, is not a constant: only weights may be quantized`,
  );
}

/** Whether one number stands for the whole tensor: a scalar, or a list of one. */
function isSingle({ shape }: Value): boolean {
  return shape.length === 0 || (shape.length === 1 && shape[0] === 1);
}

/** The axis whose places have a scale of their own each. @throws ShapeError where it is not there, or has another extent. */
function quantizedAxis(call: NodeContext, shape: readonly number[], { shape: scales }: Value): number {
  if (call.opset < 13) throw new ShapeError({ expected: `one scale in opset ${call.opset}`, got: describe(scales) });
  const axis = normalizeAxis(call.attributes.int('axis', 1), shape.length);
  if (scales.length === 1 && scales[0] === shape[axis]) return axis;
  throw new ShapeError({
    expected: `${shape[axis]} scales for axis ${axis} of ${describe(shape)}`,
    got: describe(scales),
  });
}

/** @throws FormatError for a zero point of another type than x, ShapeError for one of another shape than the scale. */
function checkZero({ value, floats }: Operand, x: Value, scale: Value): void {
  if (value.type !== x.type) throw new FormatError({ expected: `a zero point of ${x.type}, as x is`, got: value.type });
  if (isSingle(scale) ? !isSingle(value) : value.shape.join() !== scale.shape.join()) {
    const expected = describe(scale.shape);
    throw new ShapeError({ expected: `zero points of the scales' shape ${expected}`, got: describe(value.shape) });
  }
  if (x.type === 'int32' && floats().some((number) => number !== 0)) {
    throw new FormatError({ expected: 'no zero point but 0 for int32', got: 'another' });
  }
}

/** The scales' type, or since opset 23 the one that is asked for. */
function resultType({ attributes }: NodeContext, scale: DataType): DataType {
  const code = attributes.int('output_dtype', 0);
  const type = code === 0 ? scale : ELEMENTS[code]?.type;
  if (type && type !== 'string' && !isInteger(type)) return type;
  throw new Unsupported(`it makes ${type ?? `elements of type ${code}`}`);
}
