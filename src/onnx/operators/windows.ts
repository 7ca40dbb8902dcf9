/** Windows of convolutions and pools: channels last, and where the window goes. */
import { describe, type Node } from '../../graph/node.ts';
import { reshape } from '../../graph/ops/movement/reshape.ts';
import { transpose } from '../../graph/ops/movement/transpose.ts';
import { ShapeError } from '../../runtime/errors.ts';
import type { Attributes } from '../attributes.ts';
import { range } from '../values.ts';

/** One number for each spatial axis, of which there are two or more; `pads` has all begins, then all ends. */
export interface Window {
  readonly kernel: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  readonly pads: readonly number[];
  readonly outSize: readonly number[];
}

/** Most elements under a window, and most that it sees along an axis: a damaged file is not worth minutes. */
const MAX_KERNEL = 2 ** 16;
const MAX_SEEN = 2 ** 26;

/** [N, C, …] → [N, …, C] */
export function channelsLast(x: Node): Node {
  const rank = x.shape.length;
  return rank < 3 ? x : transpose(x, [0, ...range(rank).slice(2), 1]);
}

/** [N, …, C] → [N, C, …] */
export function channelsFirst(x: Node): Node {
  const rank = x.shape.length;
  return rank < 3 ? x : transpose(x, [0, rank - 1, ...range(rank - 1).slice(1)]);
}

/** Applies `f` to x [N, C, …] with channels last; [N, C, L] as a picture of height 1. */
export function onChannelsLast(x: Node, f: (x: Node) => Node): Node {
  if (x.shape.length !== 3) return channelsFirst(f(channelsLast(x)));
  const y = onChannelsLast(reshape(x, x.shape.toSpliced(2, 0, 1)), f);
  return reshape(y, y.shape.toSpliced(2, 1));
}

/** Most pixels of an axis with its padding, and largest stride or dilation: sums of two such fit 32 bits. */
const MAX_REACH = 2 ** 30;

/**
 * Reads a list with one entry for each spatial axis.
 *
 * @throws ShapeError for another length, and entries below `least` or past 2^30, which the device could not add up.
 */
export function perAxis(attributes: Attributes, name: string, length: number, otherwise: number, least = otherwise) {
  const values = attributes.ints(name, new Array<number>(length).fill(otherwise));
  if (values.length !== length || values.some((value) => value < least || value > MAX_REACH)) {
    const expected = `${length} integers from ${least} to ${MAX_REACH}`;
    throw new ShapeError({ expected: `attribute '${name}' as ${expected}`, got: describe(values) });
  }
  return values;
}

/** @throws ShapeError for axes that are longer with their padding than the device can count. */
export function checkReach(extents: readonly number[], what: string): void {
  if (extents.every((extent) => extent <= MAX_REACH)) return;
  throw new ShapeError({ expected: `at most ${MAX_REACH} places along an axis ${what}`, got: describe(extents) });
}

/** @throws ShapeError unless `x` is [N, C, …] with one to three spatial axes. */
export function spatialSize(x: Node): readonly number[] {
  if (x.shape.length < 3 || x.shape.length > 5) {
    throw new ShapeError({ expected: '[N, C, …] with one to three spatial axes', got: describe(x.shape) });
  }
  return x.shape.slice(2);
}

/**
 * Says where a window of `kernel` goes on a picture of `size`, from the attributes of a convolution or pool.
 *
 * @throws ShapeError for a window that does not fit.
 */
export function windowOf(attributes: Attributes, size: readonly number[], kernel: readonly number[]): Window {
  const axes = size.length;
  if (kernel.length !== axes || kernel.some((extent) => extent < 1)) {
    throw new ShapeError({ expected: `a kernel of ${axes} extents`, got: describe(kernel) });
  }
  if (kernel.reduce((product, extent) => product * extent, 1) > MAX_KERNEL) {
    throw new ShapeError({ expected: `a kernel of at most ${MAX_KERNEL} elements`, got: describe(kernel) });
  }
  const strides = perAxis(attributes, 'strides', axes, 1);
  const dilations = perAxis(attributes, 'dilations', axes, 1);
  const span = kernel.map((extent, axis) => (extent - 1) * dilations[axis]! + 1);
  const pads = padsOf(attributes, axes, (axis) => {
    const out = Math.ceil(size[axis]! / strides[axis]!);
    return Math.max(0, (out - 1) * strides[axis]! + span[axis]! - size[axis]!);
  });
  checkReach(
    size.map((extent, axis) => extent + pads[axis]! + pads[axis + axes]!),
    "with attribute 'pads'",
  );
  checkReach(span, "under the kernel with attribute 'dilations'");
  const outSize = size.map((extent, axis) => {
    const stride = strides[axis]!;
    const begin = pads[axis]!;
    const room = extent + begin + pads[axis + axes]! - span[axis]!;
    if (room < 0) {
      throw new ShapeError({
        expected: 'a window that fits',
        got: `${describe(span)} on ${describe(size)} with pads ${describe(pads)}`,
      });
    }
    if (attributes.int('ceil_mode', 0) === 0) return Math.floor(room / stride) + 1;
    const out = Math.ceil(room / stride) + 1;
    // A last window that begins behind the picture would see nothing but padding.
    return (out - 1) * stride >= extent + begin ? out - 1 : out;
  });
  if (outSize.some((extent, axis) => extent * kernel[axis]! > MAX_SEEN)) {
    throw new ShapeError({
      expected: `at most ${MAX_SEEN} elements in an axis of all windows together`,
      got: `a kernel of ${describe(kernel)} for an output of ${describe(outSize)}`,
    });
  }
  return atLeastTwoAxes({ kernel, strides, dilations, pads, outSize });
}

/** The pads, all begins and then all ends; `total` says how much an axis needs where they are automatic. */
export function padsOf(attributes: Attributes, axes: number, total: (axis: number) => number): readonly number[] {
  switch (attributes.string('auto_pad', 'NOTSET')) {
    case '':
    case 'NOTSET':
      return perAxis(attributes, 'pads', 2 * axes, 0);
    case 'VALID':
      return new Array<number>(2 * axes).fill(0);
    case 'SAME_UPPER':
      return [...range(axes).map((i) => Math.floor(total(i) / 2)), ...range(axes).map((i) => Math.ceil(total(i) / 2))];
    case 'SAME_LOWER':
      return [...range(axes).map((i) => Math.ceil(total(i) / 2)), ...range(axes).map((i) => Math.floor(total(i) / 2))];
    default:
      throw new ShapeError({
        expected: 'auto_pad NOTSET, VALID, SAME_UPPER or SAME_LOWER',
        got: attributes.string('auto_pad'),
      });
  }
}

/** A window on a line as one on a picture of height 1. */
export function atLeastTwoAxes({ kernel, strides, dilations, pads, outSize }: Window): Window {
  if (kernel.length > 1) return { kernel, strides, dilations, pads, outSize };
  const [begin, end] = pads as [number, number];
  return {
    kernel: [1, ...kernel],
    strides: [1, ...strides],
    dilations: [1, ...dilations],
    pads: [0, begin, 0, end],
    outSize: [1, ...outSize],
  };
}
