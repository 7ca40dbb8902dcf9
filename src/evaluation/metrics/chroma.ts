/** Means over a* and b*: how much color there is, and how far it is from the truth. All `[pixels, 3]`: L*, a*, b*. */
import { CHROMA_SCALE } from '../../image/color/lab.ts';

/** Returns the mean of `sqrt(a*² + b*²)` over all pixels. */
export function meanChroma(lab: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < lab.length; i += 3) sum += Math.sqrt(lab[i + 1]! ** 2 + lab[i + 2]! ** 2);
  return sum / (lab.length / 3);
}

/** Returns the means of a* and of b*. */
export function meanColor(lab: Float32Array): { a: number; b: number } {
  let [a, b] = [0, 0];
  for (let i = 0; i < lab.length; i += 3) {
    a += lab[i + 1]!;
    b += lab[i + 2]!;
  }
  const pixels = lab.length / 3;
  return { a: a / pixels, b: b / pixels };
}

/** Returns the mean squared error of (a*, b*) / 127, over pixels and both channels: the loss of the training. */
export function chromaError(one: Float32Array, other: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < one.length; i += 3) {
    sum += (one[i + 1]! - other[i + 1]!) ** 2 + (one[i + 2]! - other[i + 2]!) ** 2;
  }
  return sum / (one.length / 3) / 2 / CHROMA_SCALE ** 2;
}
