/** Arrays of any rank as plain lists, one element at a time: slow, and meant to be obviously right. */

type Shape = readonly number[];

/** Every index into an array of `shape`, the last axis fastest. */
export function indicesOf(shape: Shape): number[][] {
  return shape.reduce<number[][]>(
    (indices, extent) => indices.flatMap((index) => Array.from({ length: extent }, (_, i) => [...index, i])),
    [[]],
  );
}

/** The place of `index` in the list of an array of `shape`. */
export function offsetOf(shape: Shape, index: readonly number[]): number {
  return index.reduce((offset, i, axis) => offset * shape[axis]! + i, 0);
}

/** The array of `shape` whose element at each index is the one of `x` that `source` says. */
export function moved(
  x: ArrayLike<number>,
  xShape: Shape,
  shape: Shape,
  source: (index: number[]) => readonly number[],
): number[] {
  return indicesOf(shape).map((index) => x[offsetOf(xShape, source(index))]!);
}

/** The index in an array of `shape` of what numpy's broadcasting puts at `index`. */
export function broadcastIndex(shape: Shape, index: readonly number[]): number[] {
  return index.slice(index.length - shape.length).map((i, axis) => (shape[axis] === 1 ? 0 : i));
}
