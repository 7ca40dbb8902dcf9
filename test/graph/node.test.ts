/** Nodes are told by their op, and so have attributes of a known type. */
import { expect, expectTypeOf, test } from 'vitest';
import { apply, isOp, type Node } from '../../src/graph/node.ts';
import { type Conv2dAttrs, conv2dOp, conv2dSame } from '../../src/graph/ops/conv/conv2d.ts';
import { input } from '../../src/graph/ops/core/input.ts';
import { reluOp } from '../../src/graph/ops/elementwise/relu.ts';

test('a node is of its op alone, and of its type', () => {
  const conv = conv2dSame(input('x', [1, 4, 4, 3]), input('w', [3, 3, 3, 8]), 2);
  const namesake = apply({ ...conv2dOp }, conv.inputs, conv.attrs);
  expect([conv, namesake, undefined].map((node) => isOp(node, conv2dOp))).toEqual([true, false, false]);
  expect(isOp(conv, reluOp)).toBe(false);
  if (!isOp(conv, conv2dOp)) throw new Error('no conv2d');
  expectTypeOf(conv).toExtend<Node<Conv2dAttrs>>();
  expect(conv.attrs.strides).toEqual([2, 2]);
});
