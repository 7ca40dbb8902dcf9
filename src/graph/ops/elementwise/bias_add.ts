import { biasAdd as biasAddKernel } from '../../../kernels/elementwise/bias_add.ts';
import { emitSumRows } from '../../../kernels/reduction/sum_rows.ts';
import { ShapeError } from '../../../runtime/errors.ts';
import { apply, defineOp, describe, type Node, type Shape } from '../../node.ts';
import { expectNhwc } from '../core/check.ts';

/** y[n, h, w, c] = x + b[c], or x + b[n, 0, 0, c];  dx = dy, db = Σ dy over what shares the bias. */
export const biasAddOp = defineOp({
  name: 'bias_add',
  shape: ([x, b]) => {
    const [n, , , c] = expectNhwc('bias_add', 'x', x!);
    const shape = b!.join();
    if (shape !== `${c}` && shape !== `${n},1,1,${c}`) {
      throw new ShapeError({
        where: 'bias_add',
        expected: `b [${c}] or [${n}, 1, 1, ${c}] for x ${describe(x!)}`,
        got: describe(b!),
      });
    }
    return x!;
  },
  lower: (emit, { inputs: [x, b], shapes, output, shape }) => {
    const [n, h, w, channels] = expectNhwc('bias_add', 'x', shape);
    const outer = shapes[1]!.length === 4 ? n : 1;
    const params = { outer, rows: (n / outer) * h * w, channels };
    emit.call(biasAddKernel, { x: x!, b: b!, y: output }, params, { activation: 'none' });
  },
  gradient: ({ inputs: [, b], dy }) => [dy, apply(sumRowsOp, [dy], { shape: b!.shape })],
});

/** y = Σ x over N, H and W (`shape` [C]), or over H and W (`shape` [N, 1, 1, C]). */
export const sumRowsOp = defineOp<{ readonly shape: Shape }>({
  name: 'sum_rows',
  shape: (_, { shape }) => shape,
  lower: (emit, { inputs: [x], shapes, output, shape }) => {
    const [n, h, w, channels] = expectNhwc('sum_rows', 'x', shapes[0]!);
    const outer = shape.length === 4 ? n : 1;
    emitSumRows(emit, { x: x!, y: output }, { outer, rows: (n / outer) * h * w, channels });
  },
  gradient: 'backward',
});

/** Adds a bias `b` to `x` [N, H, W, C]: [C] for all pixels, or [N, 1, 1, C] for those of each image. @throws ShapeError for others. */
export const biasAdd = (x: Node, b: Node) => apply(biasAddOp, [x, b], undefined);
