/** Central differences: what a gradient should be, from the function alone. */

/**
 * The gradient of `loss` at `x` in float64.
 *
 * The step balances truncation (its square) against cancellation: about nine digits stay for smooth functions.
 */
export function centralDifferences(loss: (x: Float64Array) => number, x: ArrayLike<number>): Float64Array {
  const at = Float64Array.from(x);
  const step = 1e-5;
  return at.map((value, i) => {
    at[i] = value + step;
    const above = loss(at);
    at[i] = value - step;
    const below = loss(at);
    at[i] = value;
    return (above - below) / (2 * step);
  });
}

/** Sum of a[i] * b[i]: the loss whose gradient with respect to `a` is `b`. */
export function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}
