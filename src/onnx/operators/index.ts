/** The table of operators that can be imported. */
import { activationOperators } from './activation.ts';
import { constantOperators } from './constant.ts';
import { convOperators } from './conv.ts';
import { convTransposeOperators } from './conv_transpose.ts';
import { elementwiseOperators } from './elementwise.ts';
import { logicOperators } from './logic.ts';
import { movementOperators } from './movement.ts';
import { normalizeOperators } from './normalize.ts';
import type { Operator } from './operator.ts';
import { padOperators } from './pad.ts';
import { poolOperators } from './pool.ts';
import { productOperators } from './product.ts';
import { quantizeOperators } from './quantize.ts';
import { reduceOperators } from './reduce.ts';
import { resizeOperators } from './resize.ts';
import { shapeOperators } from './shape.ts';

export const operators: ReadonlyMap<string, Operator> = new Map(
  Object.entries({
    ...activationOperators,
    ...constantOperators,
    ...convOperators,
    ...convTransposeOperators,
    ...elementwiseOperators,
    ...logicOperators,
    ...movementOperators,
    ...normalizeOperators,
    ...padOperators,
    ...poolOperators,
    ...productOperators,
    ...quantizeOperators,
    ...reduceOperators,
    ...resizeOperators,
    ...shapeOperators,
  }),
);
