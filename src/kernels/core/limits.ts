/** Limits of a dispatch, and sizes from which a GPU is busy. */

/** Workgroups that every device can start along one dimension. */
export const MAX_GRID = 65535;

/** Threads below which a GPU is taken to be idle in part: some tens of multiprocessors with some hundreds each. */
export const BUSY_THREADS = 1 << 14;

/** Elements that the parts of a split sum may take (64 MiB), or one copy of the result if that is more. */
export const MAX_PARTIAL_SUMS = 1 << 24;

/** Spreads workgroups over as many rows as keep each within the limit: `[groups of a row, rows]`. */
export function fold(groups: number): readonly [number, number] {
  const rows = Math.max(1, Math.ceil(groups / MAX_GRID));
  return [Math.ceil(groups / rows), rows];
}
