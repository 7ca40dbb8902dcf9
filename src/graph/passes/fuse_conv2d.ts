/**
 * conv2d → bias_add → add → relu | clip to 0…6 | hard-swish | tanh becomes one conv2d, where nothing else needs the parts; conv_direct
 * takes in all but add and tanh.
 */
import type { PlainActivation } from '../../kernels/core/activation.ts';
import { apply, isOp, type Node } from '../node.ts';
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
  const open = inputs.filter(isOpen).filter(usedOnce);
  if (isOp(node, addOp)) {
    const conv = open.find(({ attrs }) => !attrs.residual);
    const residual = inputs[0] === conv ? inputs[1] : inputs[0];
    if (!conv || !residual) return undefined;
    return apply(conv2dOp, [...conv.inputs, residual], { ...conv.attrs, residual: true });
  }
  const [conv] = open;
  if (!conv || conv !== inputs[0]) return undefined;
  if (isOp(node, biasAddOp) && conv.inputs.length === 2) {
    return apply(conv2dOp, [...conv.inputs, inputs[1]!], conv.attrs);
  }
  const activation = activationOf(node) ?? (isOp(node, tanhOp) ? 'tanh' : undefined);
  return activation && apply(conv2dOp, conv.inputs, { ...conv.attrs, activation });
}

function fuseDirect(node: Node, [conv, bias]: readonly Node[], usedOnce: UsedOnce): Node | undefined {
  if (!conv || !isConvDirect(conv) || !usedOnce(conv)) return undefined;
  if (conv.attrs.activation) return undefined;
  if (isOp(node, biasAddOp) && conv.inputs.length === 2 && bias!.shape.length === 1) {
    return apply(conv.op, [...conv.inputs, bias!], conv.attrs);
  }
  const activation = activationOf(node);
  return activation && apply(conv.op, conv.inputs, { ...conv.attrs, activation });
}

/** The activation that `node` is, if every convolution can do it. */
function activationOf(node: Node): PlainActivation | undefined {
  if (isOp(node, reluOp)) return 'relu';
  if (!isUnary(node)) return undefined;
  const { fn, alpha, beta } = node.attrs;
  if (fn === 'hard_swish') return fn;
  return fn === 'clip' && alpha === 0 && beta === 6 ? 'relu6' : undefined;
}

/** Told by its name: graphs without it do not load its kernels. */
const isUnary = (node: Node): node is Node<UnaryAttrs> => node.op.name === 'unary';

/** A convolution to which more can be added. */
function isOpen(node: Node): node is Node<Conv2dAttrs> {
  return isOp(node, conv2dOp) && node.attrs.activation === 'none';
}
