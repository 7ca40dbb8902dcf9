/** Returns 0 up to `low`, 1 from `high`, and `3t² - 2t³` between: continuous, with a continuous slope. */
export function smoothstep(low: number, high: number, value: number): number {
  const t = Math.min(Math.max((value - low) / (high - low), 0), 1);
  return t * t * (3 - 2 * t);
}
