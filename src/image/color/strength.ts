/**
 * Strength of colors: what it does to a row of a* and b*. Up to 1 it is a plain factor. Above 1, what goes beyond the
 * network's own
 * answer (strength - 1) acts at middle lightnesses only (`lightness_window.ts`), not on a mere tint
 * (`cast_guard.ts`), and
 * up to a ceiling (`chroma_ceiling.ts`). Hue stays as it is.
 */
import { type ChromaStatistics, castGuard } from './cast_guard.ts';
import { CHROMA_CEILING, ceilingGain } from './chroma_ceiling.ts';
import { lightnessWindow } from './lightness_window.ts';

/** Changes a row's chroma in place: `grey` `[W]` codes, `ab` `[W, 2]`. */
export type StrengthRow = (grey: Uint16Array, ab: Float64Array) => void;

/**
 * Prepares a strength for a picture's rows.
 *
 * @param statistics - of the whole picture; asked for only above 1
 * @param lightnesses - `(L* + 16) / 116` by grey code
 * @returns nothing where nothing has to be done
 */
export function strengthRow(
  strength: number,
  statistics: () => ChromaStatistics,
  lightnesses: Float64Array,
): StrengthRow | undefined {
  if (strength === 1) return undefined;
  if (strength < 1) {
    return (_, ab) => {
      for (let i = 0; i < ab.length; i++) ab[i] = ab[i]! * strength;
    };
  }
  const measured = statistics();
  const more = (strength - 1) * castGuard(measured);
  if (more === 0) return undefined;
  const ceiling = Math.max(CHROMA_CEILING, measured.high);
  const gains = new Float32Array(lightnesses.length);
  for (let code = 0; code < gains.length; code++)
    gains[code] = 1 + more * lightnessWindow(116 * lightnesses[code]! - 16);
  return (grey, ab) => {
    for (let x = 0, i = 0; x < grey.length; x++, i += 2) {
      const a = ab[i]!;
      const b = ab[i + 1]!;
      const gain = ceilingGain(gains[grey[x]!]!, Math.sqrt(a * a + b * b), ceiling);
      ab[i] = a * gain;
      ab[i + 1] = b * gain;
    }
  };
}
