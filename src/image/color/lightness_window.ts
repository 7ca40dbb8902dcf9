/** Window of lightness in which a strength above 1 acts. */
import { smoothstep } from './smoothstep.ts';

/**
 * Says how much of the amplification a lightness gets: none at L* <= 20 and >= 90, all of it at 35..75, smooth between.
 * sRGB has little chroma near black and white, so that what is added there is mostly clipped again, at another
 * lightness
 * for each hue; and colored shadows and colored highlights are what the eye takes for a fault.
 *
 * @param lightness - L*, 0..100
 * @returns 0..1
 */
export function lightnessWindow(lightness: number): number {
  return smoothstep(20, 35, lightness) * (1 - smoothstep(75, 90, lightness));
}
