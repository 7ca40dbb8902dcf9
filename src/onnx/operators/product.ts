/** Matrix products. */
import { describe, type Node } from '../../graph/node.ts';
import { constant } from '../../graph/ops/core/constant.ts';
import { binary } from '../../graph/ops/elementwise/binary.ts';
import { transpose } from '../../graph/ops/movement/transpose.ts';
import { matmul } from '../../graph/ops/nn/matmul.ts';
import { ShapeError } from '../../runtime/errors.ts';
import { Value } from '../values.ts';
import type { NodeContext, Operators } from './operator.ts';

export const productOperators: Operators = {
  MatMul: { run: (call) => Value.of(matmul(call.node(0), call.node(1))) },
  Gemm: {
    attributes: ['alpha', 'beta', 'broadcast', 'transA', 'transB'],
    refuse: (attributes, opset) =>
      opset >= 7 && attributes.has('broadcast') && "attribute of opsets before 7: 'broadcast'",
    run: (call) => {
      const { attributes } = call;
      const a = matrix(call, 0, 'transA');
      // b is mostly constant: then scaling it costs nothing.
      const b = scaled(matrix(call, 1, 'transB'), attributes.float('alpha', 1));
      const product = matmul(a, b);
      const beta = attributes.float('beta', 1);
      const c = beta === 0 ? undefined : call.optional(2)?.node;
      if (!c) return Value.of(product);
      const repeats = call.opset >= 7 || attributes.int('broadcast', 0) !== 0;
      const sum = binary('add', product, scaled(c, beta));
      if (sum.shape.join() === product.shape.join() && (repeats || c.shape.join() === product.shape.join())) {
        return Value.of(sum);
      }
      const expected = `${repeats ? 'that repeats to' : 'of shape'} ${describe(product.shape)}`;
      throw new ShapeError({ expected: `a summand ${expected}`, got: describe(c.shape) });
    },
  },
};

function matrix(call: NodeContext, input: number, transposed: string): Node {
  const x = call.node(input);
  if (x.shape.length !== 2) throw new ShapeError({ expected: `input ${input} as a matrix`, got: describe(x.shape) });
  return call.attributes.int(transposed, 0) === 0 ? x : transpose(x, [1, 0]);
}

function scaled(x: Node, factor: number): Node {
  return factor === 1 ? x : binary('mul', x, constant([], factor));
}
