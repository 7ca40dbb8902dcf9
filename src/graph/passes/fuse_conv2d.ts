/**
 * conv2d → bias_add → add → relu | clip to 0…6 | hard-swish | tanh becomes one conv2d, where nothing else needs the parts; conv_direct
 * takes in all but add and tanh.
 */
import type { PlainActivation } from '../../kernels/core/activation.ts';
import { apply, type Node } from '../node.ts';
import type { ConvDirectAttrs } from '../ops/conv/conv_direct.ts';
import { type Conv2dAttrs, conv2dOp } from '../ops/conv/conv2d.ts';
import { addOp } from '../ops/elementwise/add.ts';
import { biasAddOp } from '../ops/elementwise/bias_add.ts';
import { reluOp } from '../ops/elementwise/relu.ts';
import { tanhOp } from '../ops/elementwise/tanh.ts';
import type { UnaryAttrs } from '../ops/elementwise/unary.ts';
import { isConvDirect, type Pass, rewriteUses } from '../rewrite.ts';

export const fuseConv2d: Pass = (outputs) =>
  rewriteUses(outputs, (node, inputs, usedOnce) => fuse(node, inputs, usedOnce) ?? fuseDirect(node, inputs, usedOnce));

type UsedOnce = (input: Node) => boolean;

function fuse(node: Node, inputs: readonly Node[], usedOnce: UsedOnce): Node | undefined {
  const open = inputs.filter((input) => isOpen(input) && usedOnce(input));
  if (node.op === addOp) {
    const conv = open.find((input) => !attrsOf(input).residual);
    const residual = inputs[0] === conv ? inputs[1] : inputs[0];
    if (!conv || !residual) return undefined;
    return apply(conv2dOp, [...conv.inputs, residual], { ...attrsOf(conv), residual: true });
  }
  const [conv] = open;
  if (!conv || conv !== inputs[0]) return undefined;
  if (node.op === biasAddOp && conv.inputs.length === 2) {
    return apply(conv2dOp, [...conv.inputs, inputs[1]!], attrsOf(conv));
  }
  const activation = activationOf(node) ?? (node.op === tanhOp ? 'tanh' : undefined);
  return activation && apply(conv2dOp, conv.inputs, { ...attrsOf(conv), activation });
}

function fuseDirect(node: Node, [conv, bias]: readonly Node[], usedOnce: UsedOnce): Node | undefined {
  if (!conv || !isConvDirect(conv) || !usedOnce(conv)) return undefined;
  const attrs = conv.attrs as ConvDirectAttrs;
  if (attrs.activation) return undefined;
  if (node.op === biasAddOp && conv.inputs.length === 2 && bias!.shape.length === 1) {
    return apply(conv.op, [...conv.inputs, bias!], attrs);
  }
  const activation = activationOf(node);
  return activation && apply(conv.op, conv.inputs, { ...attrs, activation });
}

/** The activation that `node` is, if every convolution can do it. */
function activationOf({ op, attrs }: Node): PlainActivation | undefined {
  if (op === reluOp) return 'relu';
  if (op.name !== 'unary') return undefined;
  const { fn, alpha, beta } = attrs as UnaryAttrs;
  if (fn === 'hard_swish') return fn;
  return fn === 'clip' && alpha === 0 && beta === 6 ? 'relu6' : undefined;
}

const attrsOf = (conv: Node) => conv.attrs as Conv2dAttrs;

/** A convolution to which more can be added. */
function isOpen(node: Node): boolean {
  return node.op === conv2dOp && attrsOf(node).activation === 'none';
}
