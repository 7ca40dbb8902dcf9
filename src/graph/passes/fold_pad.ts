/** Zeros around the picture go into the padding of the convolution, or of the average, that reads them. */
import { apply, isOp } from '../node.ts';
import { type Conv2dAttrs, conv2dOp } from '../ops/conv/conv2d.ts';
import { padOp } from '../ops/movement/pad.ts';
import { averagePoolOp } from '../ops/nn/pool.ts';
import { isConvDirect, type Pass, rewrite } from '../rewrite.ts';

export const foldPad: Pass = (outputs) =>
  rewrite(outputs, (node, inputs) => {
    const [padded, ...rest] = inputs;
    if (!isOp(padded, padOp) || padded.shape.length !== 4) return undefined;
    const { before, after, mode, value } = padded.attrs;
    const borders = [before[1]!, before[2]!, after[1]!, after[2]!];
    const others = [before[0], before[3], after[0], after[3]];
    if (mode !== 'constant' || value !== 0 || others.some((extent) => extent !== 0)) return undefined;
    const x = padded.inputs[0]!;
    if (isOp(node, conv2dOp)) {
      const { attrs } = node;
      return apply(conv2dOp, [x, ...rest], {
        ...attrs,
        pads: sum(attrs.pads, borders) as unknown as Conv2dAttrs['pads'],
      });
    }
    if (isConvDirect(node)) {
      const { attrs } = node;
      return apply(node.op, [x, ...rest], { ...attrs, pads: sum(attrs.pads, borders) });
    }
    if (isOp(node, averagePoolOp)) {
      const { attrs } = node;
      // The zeros of the pad count; so its own padding must count as well, or not be there.
      if (!attrs.countPadding && attrs.pads.some((extent) => extent !== 0)) return undefined;
      return apply(averagePoolOp, [x], { ...attrs, pads: sum(attrs.pads, borders), countPadding: true });
    }
    return undefined;
  });

const sum = (a: readonly number[], b: readonly number[]): number[] => a.map((extent, i) => extent + b[i]!);
