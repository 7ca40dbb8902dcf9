/**
 * Ensemble of views: a picture shown to the network at several sizes and mirrored, whose chroma is averaged.
 *
 * What the views say of a pixel differs by chance as much as by size; their mean errs less than each.
 */
import type { Chroma } from '../color/chroma.ts';

/** How often the network sees a picture. */
export const QUALITIES = ['fast', 'best'] as const;
export type Quality = (typeof QUALITIES)[number];

/** One way to show a picture. */
export interface View {
  /** Times the render size. */
  readonly scale: number;
  /** Whether left and right are swapped. */
  readonly mirror: boolean;
}

/** `fast`: once, as it is. `best`: at two sizes, each mirrored too. */
export const VIEWS: Readonly<Record<Quality, readonly View[]>> = {
  fast: [{ scale: 1, mirror: false }],
  best: [
    { scale: 1, mirror: false },
    { scale: 1, mirror: true },
    { scale: 1.5, mirror: false },
    { scale: 1.5, mirror: true },
  ],
};

/** What the network said of a view, with its guide and extent. */
export interface ViewedChroma extends Chroma {
  readonly mirror: boolean;
}

/**
 * The mean of views of one picture, at the resolution of the largest, upright again and without padding.
 *
 * @returns as `Chroma`; its guide is the mean of the guides. One view that is not mirrored is returned as it is.
 */
export function meanOfViews(views: readonly ViewedChroma[]): Chroma {
  const [first] = views as [ViewedChroma];
  if (views.length === 1 && !first.mirror) return first;
  const extents = views.map((view) => view.extent ?? view);
  const width = Math.ceil(Math.max(...extents.map((extent) => extent.width)));
  const height = Math.ceil(Math.max(...extents.map((extent) => extent.height)));
  const data = new Float32Array(width * height * 2);
  const guide = new Float32Array(width * height);
  for (const [i, view] of views.entries()) {
    const columns = samples(width, extents[i]!.width, view.width, view.mirror);
    const rows = samples(height, extents[i]!.height, view.height, false);
    for (let y = 0, o = 0; y < height; y++) {
      for (let x = 0; x < width; x++, o++) {
        const at = (plane: Float32Array, channels: number, c: number) => {
          const value = (row: number, column: number) => plane[(row * view.width + column) * channels + c]!;
          const across = (row: number) =>
            value(row, columns.low[x]!) * (1 - columns.fraction[x]!) +
            value(row, columns.high[x]!) * columns.fraction[x]!;
          return (
            (across(rows.low[y]!) * (1 - rows.fraction[y]!) + across(rows.high[y]!) * rows.fraction[y]!) / views.length
          );
        };
        data[2 * o]! += at(view.data, 2, 0);
        data[2 * o + 1]! += at(view.data, 2, 1);
        if (view.guide) guide[o]! += at(view.guide, 1, 0);
      }
    }
  }
  return { data, width, height, ...(views.every((view) => view.guide) && { guide }) };
}

/** Where `to` pixels over `extent` pixels of a plane lie: between which two, and how far; edges clamped. */
function samples(to: number, extent: number, length: number, mirror: boolean) {
  const low = new Uint32Array(to);
  const high = new Uint32Array(to);
  const fraction = new Float64Array(to);
  const last = Math.min(Math.ceil(extent), length) - 1;
  for (let i = 0; i < to; i++) {
    const place = ((mirror ? to - 1 - i : i) + 0.5) * (extent / to) - 0.5;
    const clamped = Math.min(Math.max(place, 0), last);
    low[i] = Math.floor(clamped);
    high[i] = Math.min(low[i]! + 1, last);
    fraction[i] = clamped - low[i]!;
  }
  return { low, high, fraction };
}
