/**
 * A constant factor or summand for each channel goes into the weights and bias of the convolution before it:
 * (x ∗ w + b) · s + t = x ∗ (w · s) + (b · s + t). This is how batch normalization and residual scales vanish.
 */
import { apply, isOp, type Node, type Shape, sizeOf } from '../node.ts';
import type { ConvDirectAttrs } from '../ops/conv/conv_direct.ts';
import { type Conv2dAttrs, conv2dOp } from '../ops/conv/conv2d.ts';
import { constant } from '../ops/core/constant.ts';
import { addOp } from '../ops/elementwise/add.ts';
import { biasAdd, biasAddOp } from '../ops/elementwise/bias_add.ts';
import { binary, binaryOp } from '../ops/elementwise/binary.ts';
import { expand } from '../ops/movement/expand.ts';
import { reshape } from '../ops/movement/reshape.ts';
import { isConvDirect, isFrozen, type Pass, rewriteUses } from '../rewrite.ts';

/** A convolution with what was added to it so far. */
interface Affine {
  readonly conv: Node;
  readonly bias: Node | undefined;
}

export const foldAffine: Pass = (outputs) =>
  rewriteUses(outputs, (node, inputs, usedOnce) => {
    const fn = isOp(node, binaryOp) ? node.attrs.fn : isOp(node, addOp) ? 'add' : undefined;
    if (fn === undefined) return undefined;
    const commutes = fn === 'add' || fn === 'mul';
    const [x, c] = commutes && isFrozen(inputs[0]!) ? [inputs[1]!, inputs[0]!] : [inputs[0]!, inputs[1]!];
    const affine = affineOf(x, usedOnce);
    const vector = channelVector(c, node.shape);
    if (!affine || !vector || x.shape.join() !== node.shape.join()) return undefined;
    const { conv, bias } = affine;
    const [input, weights] = conv.inputs;
    if (fn === 'mul' || fn === 'div') {
      const scaled = apply(conv.op, [input!, binary(fn, weights!, vector)], conv.attrs);
      return bias ? biasAdd(scaled, binary(fn, bias, vector)) : scaled;
    }
    if (fn === 'add' || fn === 'sub') {
      const channels = [node.shape[3]!];
      const bare = apply(conv.op, [input!, weights!], conv.attrs);
      if (bias) return biasAdd(bare, binary(fn, bias, vector));
      const summand = fn === 'add' ? vector : binary('mul', vector, constant([], -1));
      return biasAdd(bare, expand(summand, channels));
    }
    return undefined;
  });

/** The convolution that `node` is, or is the biased result of, where nothing else needs it and its weights are constant. */
function affineOf(node: Node, usedOnce: (input: Node) => boolean): Affine | undefined {
  const conv = isOp(node, biasAddOp) ? node.inputs[0]! : node;
  if (!isPlane(conv) || !usedOnce(conv) || !usedOnce(node)) return undefined;
  const { activation = 'none' } = conv.attrs;
  const residual = 'residual' in conv.attrs && conv.attrs.residual;
  const [, weights, own] = conv.inputs;
  const bias = isOp(node, biasAddOp) ? node.inputs[1] : own;
  if (activation !== 'none' || residual || (own && bias !== own) || !isFrozen(weights!)) return undefined;
  if (bias && (!isFrozen(bias) || bias.shape.length !== 1)) return undefined;
  return { conv, bias };
}

const isPlane = (node: Node): node is Node<Conv2dAttrs | ConvDirectAttrs> =>
  isOp(node, conv2dOp) || (isConvDirect(node) && node.shape.length === 4);

/** `c` as [C] or [1], if it is constant and the same for all pixels of `shape`. */
function channelVector(c: Node, shape: Shape): Node | undefined {
  const channels = c.shape.at(-1) ?? 1;
  if (!isFrozen(c) || sizeOf(c.shape) !== channels || c.shape.length > shape.length) return undefined;
  return channels === 1 || channels === shape.at(-1) ? reshape(c, [channels]) : undefined;
}
