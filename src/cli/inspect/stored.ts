/** Sizes in a file, by element type. */
import { sizeOf } from '../../graph/node.ts';

export interface StoredType {
  readonly type: string;
  readonly arrays: number;
  readonly elements: number;
  readonly bytes: number;
}

/** Adds up arrays by type, the largest first. */
export function tally(
  arrays: readonly { readonly type: string; readonly shape: readonly number[]; readonly bytes: number }[],
): StoredType[] {
  const types = new Map<string, StoredType>();
  for (const { type, shape, bytes } of arrays) {
    const sum = types.get(type) ?? { type, arrays: 0, elements: 0, bytes: 0 };
    types.set(type, {
      type,
      arrays: sum.arrays + 1,
      elements: sum.elements + sizeOf(shape),
      bytes: sum.bytes + bytes,
    });
  }
  return [...types.values()].sort((a, b) => b.bytes - a.bytes);
}
