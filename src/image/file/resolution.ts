/** Resolution of a picture on paper, in the unit that its file has, so that nothing is rounded on the way. */
import { type Directory, numbersOf, rational, shorts, type Tree } from './tiff.ts';

/** Pixels along a unit of length. */
export interface Resolution {
  readonly x: number;
  readonly y: number;
  readonly unit: 'inch' | 'cm';
}

const [X, Y, UNIT] = [282, 283, 296];

/** Reads XResolution, YResolution and ResolutionUnit; undefined where there is no unit. */
export function resolutionOf(directory: Directory | undefined): Resolution | undefined {
  const number = (tag: number) => numbersOf(directory?.get(tag))[0];
  const [x, y] = [number(X), number(Y)];
  // Inch is what TIFF 6.0 says where there is no unit; 1 is none.
  const unit = ([undefined, undefined, 'inch', 'cm'] as const)[number(UNIT) ?? 2];
  return unit && isSize(x) && isSize(y) ? { x, y, unit } : undefined;
}

function isSize(value: number | undefined): value is number {
  return value !== undefined && Number.isFinite(value) && value > 0;
}

/** Reads a number of pixels a meter, as PNG and BMP have them. */
export function fromMeters(x: number, y: number): Resolution | undefined {
  return x > 0 && y > 0 ? { x: x / 100, y: y / 100, unit: 'cm' } : undefined;
}

/** The resolution as three fields of a TIFF directory. */
export function resolutionTags({ x, y, unit }: Resolution): Tree {
  return new Map([
    [X, rational(x)],
    [Y, rational(y)],
    [UNIT, shorts([unit === 'inch' ? 2 : 3])],
  ]);
}

/** Returns pixels along an inch. */
export function perInch({ x, y, unit }: Resolution): [x: number, y: number] {
  return unit === 'inch' ? [x, y] : [x * 2.54, y * 2.54];
}
