/** Comparison with a float64 reference. */
import { expect } from 'vitest';

/** Expects every |got - want| to be at most `absolute + relative * |want|`, and names the worst element if not. */
export function expectClose(
  got: ArrayLike<number>,
  want: ArrayLike<number>,
  { absolute = 0, relative = 0 }: { readonly absolute?: number; readonly relative?: number },
): void {
  expect(got.length).toBe(want.length);
  const excess = (i: number) => Math.abs(got[i]! - want[i]!) - (absolute + relative * Math.abs(want[i]!));
  let worst = 0;
  // Written so that NaN counts as worse than anything.
  for (let i = 1; i < want.length && !Number.isNaN(excess(worst)); i++) if (!(excess(i) <= excess(worst))) worst = i;
  expect(excess(worst), `at ${worst}: got ${got[worst]}, want ${want[worst]}`).toBeLessThanOrEqual(0);
}
