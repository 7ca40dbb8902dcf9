/** Transposed convolutions of one to three spatial axes. */
import { apply, type Node, sizeOf } from '../../graph/node.ts';
import { convDirect } from '../../graph/ops/conv/conv_direct.ts';
import { conv2dInputGradOp } from '../../graph/ops/conv/conv2d.ts';
import { binary } from '../../graph/ops/elementwise/binary.ts';
import { reshape } from '../../graph/ops/movement/reshape.ts';
import { slice } from '../../graph/ops/movement/slice.ts';
import { transpose } from '../../graph/ops/movement/transpose.ts';
import type { Attributes } from '../attributes.ts';
import { checkSize, range, Value } from '../values.ts';
import { convAttributes, convOperands, isPlain, window2d } from './conv.ts';
import type { Operators } from './operator.ts';
import { padOrCrop } from './pad.ts';
import { atLeastTwoAxes, checkReach, onChannelsLast, padsOf, perAxis, type Window } from './windows.ts';

export const convTransposeOperators: Operators = {
  ConvTranspose: {
    attributes: [...convAttributes, 'output_padding', 'output_shape'],
    run: (call) => {
      const { x, w, size, kernel, groups } = convOperands(call);
      const window = transposedWindow(call.attributes, size, kernel);
      checkSize([x.shape[0]!, ...window.outSize, w.shape[1]! * groups]);
      const bias = call.optional(2)?.node;
      return Value.of(
        onChannelsLast(x, (x) => {
          const y = isPlain(window, groups) ? inputGradient(x, w, window) : spreadConv(x, w, window, groups);
          return bias ? binary('add', y, bias) : y;
        }),
      );
    },
  },
};

/** Where a transposed convolution's window goes; `outSize` is that of the picture it makes. */
function transposedWindow(attributes: Attributes, size: readonly number[], kernel: readonly number[]): Window {
  const axes = size.length;
  const strides = perAxis(attributes, 'strides', axes, 1);
  const dilations = perAxis(attributes, 'dilations', axes, 1);
  const extra = perAxis(attributes, 'output_padding', axes, 0);
  const full = size.map((extent, i) => strides[i]! * (extent - 1) + extra[i]! + (kernel[i]! - 1) * dilations[i]! + 1);
  checkReach(full, "of the result, by attributes 'strides', 'dilations' and 'output_padding'");
  const automatic = attributes.string('auto_pad', 'NOTSET');
  const wanted = attributes.has('output_shape')
    ? perAxis(attributes, 'output_shape', axes, 1)
    : automatic.startsWith('SAME') && size.map((extent, i) => extent * strides[i]!);
  if (!wanted) {
    const pads = padsOf(attributes, axes, () => 0);
    const outSize = full.map((extent, i) => extent - pads[i]! - pads[i + axes]!);
    return atLeastTwoAxes({ kernel, strides, dilations, pads, outSize });
  }
  const total = full.map((extent, i) => Math.max(0, extent - wanted[i]!));
  const begins = total.map((pad) => (automatic === 'SAME_UPPER' ? Math.floor(pad / 2) : Math.ceil(pad / 2)));
  const pads = [...begins, ...total.map((pad, i) => pad - begins[i]!)];
  return atLeastTwoAxes({ kernel, strides, dilations, pads, outSize: wanted });
}

/** A transposed convolution is the gradient of a convolution by its input. */
function inputGradient(x: Node, w: Node, window: Window): Node {
  const xShape = [x.shape[0]!, ...window.outSize, w.shape[1]!];
  return apply(conv2dInputGradOp, [x, transpose(w, [2, 3, 1, 0])], { ...window2d(window), xShape });
}

/** A transposed convolution as a plain one, with zeros between the elements of x and the kernel the other way round. */
function spreadConv(x: Node, w: Node, window: Window, groups: number): Node {
  const { kernel, strides, dilations, pads, outSize } = window;
  const spread = strides.reduce(insertZeros, x);
  const span = kernel.map((extent, i) => (extent - 1) * dilations[i]!);
  const before = span.map((extent, i) => extent - pads[i]!);
  const after = outSize.map((out, i) => out + span[i]! - before[i]! - spread.shape[i + 1]!);
  const padded = padOrCrop(spread, [0, ...before, 0], [0, ...after, 0]);
  const still = { strides: kernel.map(() => 1), dilations, pads: [...kernel, ...kernel].map(() => 0) };
  return convDirect(padded, mirrored(w, groups), undefined, { ...still, groups });
}

/** [Cin, Cout / groups, …] → […, Cin / groups, Cout], with the kernel the other way round. */
function mirrored(w: Node, groups: number): Node {
  const [channels, perGroup, ...kernel] = w.shape as [number, number, ...number[]];
  const starts = [0, 0, ...kernel.map((extent) => extent - 1)];
  const turned = slice(w, starts, w.shape, [1, 1, ...kernel.map(() => -1)]);
  const byInput = transpose(reshape(turned, [groups, channels / groups, perGroup * sizeOf(kernel)]), [1, 0, 2]);
  const perInput = reshape(byInput, [channels / groups, groups * perGroup, ...kernel]);
  return transpose(perInput, [...range(kernel.length + 2).slice(2), 0, 1]);
}

/** [N, …, L, …, C] → [N, …, (L − 1) · stride + 1, …, C], of the spatial axis `index`. */
function insertZeros(x: Node, stride: number, index: number): Node {
  if (stride === 1) return x;
  const axis = index + 1;
  const extent = x.shape[axis]!;
  const rows = reshape(x, [sizeOf(x.shape.slice(0, axis + 1)), 1, sizeOf(x.shape.slice(axis + 1))]);
  const spread = reshape(padOrCrop(rows, [0, 0, 0], [0, stride - 1, 0]), x.shape.with(axis, extent * stride));
  return padOrCrop(
    spread,
    x.shape.map(() => 0),
    x.shape.map((_, i) => (i === axis ? 1 - stride : 0)),
  );
}
