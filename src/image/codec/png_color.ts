/** Color space of a PNG without a profile: gAMA and cHRM (PNG specification, third edition, 11.3.2). */

import { srgbToLinear, XYZ_TO_RGB } from '../color/lab.ts';
import type { Chunk } from '../file/png.ts';
import type { Transfer } from './transfer.ts';

/** An exponent this near to sRGB's 1 / 2.2 stands for sRGB's curve, as in libpng. */
const GAMMA_TOLERANCE = 0.05;
/** White, red, green, blue: x, y. */
const SRGB_POINTS = [0.3127, 0.329, 0.64, 0.33, 0.3, 0.6, 0.15, 0.06];
const POINT_TOLERANCE = 0.002;

/** Finds what brings the codes to sRGB; undefined where they are sRGB, or a chunk of more weight says what they are. */
export function pngTransfer(chunks: readonly Chunk[]): Transfer | undefined {
  const find = (type: string, length: number) =>
    chunks.find((chunk) => chunk.type === type && chunk.data.length >= length)?.data;
  if (find('sRGB', 1) || find('iCCP', 1) || find('cICP', 4)) return undefined;
  const numbers = (data: Uint8Array | undefined) => {
    const view = data && new DataView(data.buffer, data.byteOffset, data.byteLength);
    return view ? Array.from({ length: view.byteLength >> 2 }, (_, i) => view.getUint32(4 * i) / 100_000) : [];
  };
  const [gamma] = numbers(find('gAMA', 4));
  const points = numbers(find('cHRM', 32)).slice(0, 8);
  const plain = !gamma || Math.abs(gamma * 2.2 - 1) < GAMMA_TOLERANCE;
  const known =
    points.length === 8 && points.every((x, i) => x > 0 && x < 1 && Number.isFinite(x) && points[i | 1]! > 0);
  const matrix =
    known && points.some((x, i) => Math.abs(x - SRGB_POINTS[i]!) > POINT_TOLERANCE) ? toSrgbMatrix(points) : undefined;
  if (plain && !matrix) return undefined;
  return { curve: plain ? srgbToLinear : (x) => x ** (1 / gamma!), ...(matrix && { matrix }) };
}

type Row = readonly [number, number, number];

/** From linear light of these primaries to linear sRGB; white goes to white. Undefined where they span no plane. */
function toSrgbMatrix(points: readonly number[]): readonly number[] | undefined {
  const xyz = (x: number, y: number): Row => [x / y, 1, (1 - x - y) / y];
  const [white, red, green, blue] = [0, 2, 4, 6].map((i) => xyz(points[i]!, points[i + 1]!)) as [Row, Row, Row, Row];
  const columns = [red, green, blue];
  // Amounts of each primary that give white together, by Cramer's rule.
  const whole = determinant(columns);
  if (Math.abs(whole) < 1e-6) return undefined;
  const amounts = columns.map((_, i) => determinant(columns.with(i, white)) / whole);
  // Each component's light as XYZ, brought to D65 along the cones (von Kries, Bradford).
  const target = xyz(SRGB_POINTS[0]!, SRGB_POINTS[1]!);
  const [from, to] = [times(BRADFORD, white), times(BRADFORD, target)];
  const parts = columns.map((primary, i) => {
    const cones = times(BRADFORD, primary.map((x) => x * amounts[i]!) as unknown as Row);
    const adapted = cones.map((cone, k) => (cone * to[k]!) / from[k]!) as unknown as Row;
    return times(XYZ_TO_RGB, times(BRADFORD_INVERSE, adapted));
  });
  return [0, 1, 2].flatMap((row) => parts.map((part) => part[row]!));
}

/** Lindbloom, Chromatic Adaptation; as in ICC.1:2022, annex E. */
const BRADFORD = [0.8951, 0.2664, -0.1614, -0.7502, 1.7135, 0.0367, 0.0389, -0.0685, 1.0296];
const BRADFORD_INVERSE = [
  0.9869929, -0.1470543, 0.1599627, 0.4323053, 0.5183603, 0.0492912, -0.0085287, 0.0400428, 0.9684867,
];

function times(m: readonly number[], [x, y, z]: Row): Row {
  const row = (i: number) => m[i]! * x + m[i + 1]! * y + m[i + 2]! * z;
  return [row(0), row(3), row(6)];
}

/** Of the matrix with these columns. */
function determinant(columns: readonly Row[]): number {
  const [[a, d, g], [b, e, h], [c, f, i]] = columns as [Row, Row, Row];
  return a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g);
}
