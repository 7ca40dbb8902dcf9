import { emitConvDirect } from '../../../kernels/conv/grouped/conv_direct.ts';
import type { PlainActivation } from '../../../kernels/core/activation.ts';
import { ShapeError } from '../../../runtime/errors.ts';
import { apply, defineOp, describe, type Node } from '../../node.ts';
import { expectSame } from '../core/check.ts';
import { expectExtents, expectWindow, roomOf, type SlidingWindow } from './window.ts';

export interface ConvDirectAttrs extends SlidingWindow {
  /** Output channels see the input channels of their own group alone. As many as channels: depthwise. */
  readonly groups: number;
  /** Absent: none. */
  readonly activation?: PlainActivation;
}

/**
 * y = activation(x ∗ w + b) with dilation and groups, for pictures and for volumes; where there is neither, `conv2d` is faster.
 * x [N, H, W, Cin] or [N, D, H, W, Cin]   w [kernel…, Cin / groups, Cout]   b [Cout] or none.
 */
export const convDirectOp = defineOp<ConvDirectAttrs>({
  name: 'conv_direct',
  shape: ([x, w, bias], { groups, activation: _, ...window }) => {
    const { batch, size, channels } = expectExtents('conv_direct', x!);
    const out = w!.at(-1)!;
    if (w!.length !== x!.length || w!.some((extent) => extent < 1)) {
      throw new ShapeError({
        where: 'conv_direct',
        expected: `w as [kernel, channels / groups, out channels] of rank ${x!.length}`,
        got: describe(w!),
      });
    }
    if (!Number.isInteger(groups) || groups < 1 || channels % groups !== 0 || out % groups !== 0) {
      throw new ShapeError({
        where: 'conv_direct',
        expected: `groups that divide ${channels} and ${out} channels`,
        got: groups,
      });
    }
    if (w!.at(-2) !== channels / groups) {
      throw new ShapeError({
        where: 'conv_direct',
        expected: `w for ${channels / groups} input channels a group (x is ${describe(x!)}, ${groups} groups)`,
        got: describe(w!),
      });
    }
    if (bias) expectSame('conv_direct', 'the bias', [out], bias);
    const kernel = w!.slice(0, -2);
    expectWindow('conv_direct', size.length, kernel, window);
    const room = roomOf(size, kernel, window);
    if (room.some((left) => left < 0)) {
      throw new ShapeError({
        where: 'conv_direct',
        expected: `a kernel that fits x ${describe(x!)}`,
        got: `${describe(kernel)} with dilations ${describe(window.dilations)} and pads ${describe(window.pads)}`,
      });
    }
    return [batch, ...room.map((left, axis) => Math.floor(left / window.strides[axis]!) + 1), out];
  },
  lower: (emit, { inputs: [x, w, bias], shapes, shape, output }, { strides, dilations, pads, groups, activation }) => {
    const { batch, size, channels } = expectExtents('conv_direct', shapes[0]!);
    emitConvDirect(
      emit,
      { x: x!, w: w!, bias, y: output },
      {
        ...{ batch, inSize: size, outSize: shape.slice(1, -1), kernel: shapes[1]!.slice(0, -2) },
        ...{ strides, dilations, padBefore: pads.slice(0, size.length) },
        ...{ inChannels: channels, outChannels: shape.at(-1)!, groups },
      },
      activation,
    );
  },
  gradient: 'inference',
});

/** Convolves with dilation and groups. @throws ShapeError for weights or windows that do not fit `x`. */
export const convDirect = (x: Node, w: Node, bias: Node | undefined, attrs: ConvDirectAttrs) =>
  apply(convDirectOp, bias ? [x, w, bias] : [x, w], attrs);
