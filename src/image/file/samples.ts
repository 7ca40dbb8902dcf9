/** Samples of every type as 16-bit codes: which value is black, which is white. */
import { FormatError } from '../../runtime/errors.ts';
import { labToRgb } from '../color/lab.ts';
import type { Layout } from './tiff_layout.ts';

/** What a decoder gives: samples interleaved, at their own size. */
export type Samples =
  | Uint8Array<ArrayBuffer>
  | Uint16Array<ArrayBuffer>
  | Uint32Array<ArrayBuffer>
  | Float32Array<ArrayBuffer>;

/**
 * Turns the bits of signed numbers and of half floats, which were read as unsigned ones, into what they are.
 *
 * @param samples - unsigned numbers of the layout's size, or floats
 */
export function asDeclared(samples: Samples, { kind, bits }: Layout): ArrayLike<number> {
  const { buffer, byteOffset, length } = samples;
  if (kind === 'signed') return new { 8: Int8Array, 16: Int16Array, 32: Int32Array }[bits]!(buffer, byteOffset, length);
  if (kind === 'float' && samples instanceof Uint16Array) return Float32Array.from(samples, halfToNumber);
  return samples;
}

/** IEEE 754 binary16. */
function halfToNumber(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >> 10) & 31;
  const fraction = half & 1023;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (exponent ? (1 + fraction / 1024) * 2 ** (exponent - 15) : fraction * 2 ** -24);
}

/** Floats above this are no overshoot of a picture whose white is 1. */
const MOST_OVERSHOOT = 2;
/** Whole numbers that stay below this share of their range are a picture of fewer bits. */
const LEAST_WHITE = 1 / 256;

/**
 * Finds the value that is white.
 *
 * Whole numbers: the greatest of their type. Floats: 1, as is usual; where samples reach further, the scale of 8 or of
 * 16 bits. Black is 0 everywhere.
 *
 * @param name - starts the messages
 * @param samples - interleaved; of each pixel's samples the first `colors` count
 * @throws FormatError where black cannot be 0, or white cannot be found
 */
export function whiteOf(
  name: string,
  samples: ArrayLike<number>,
  { kind, bits, samples: step, colors }: Layout,
): { white: number; warnings: string[] } {
  let least = 0;
  let most = 0;
  for (let i = 0; i < samples.length; i += step) {
    for (let c = i; c < i + colors; c++) {
      const sample = samples[c]!;
      if (!Number.isFinite(sample)) throw refusal(name, 'samples that are no finite numbers', 'replace them');
      if (sample < least) least = sample;
      if (sample > most) most = sample;
    }
  }
  if (kind !== 'float') {
    if (least < 0) {
      throw refusal(name, `signed samples down to ${least}, so black is unknown`, 'shift them to 0 and above');
    }
    const white = 2 ** (kind === 'signed' ? bits - 1 : bits) - 1;
    const dark = most < white * LEAST_WHITE && most > 0;
    const warning = `${name}: nearly black: its ${bits}-bit samples end at ${most} of ${white} – scale them where they are 8- or 16-bit values`;
    return { white, warnings: dark && bits > 8 ? [warning] : [] };
  }
  if (most <= MOST_OVERSHOOT) return { white: 1, warnings: [] };
  const white = [255, 65535].find((scale) => most <= scale);
  if (!white) throw refusal(name, `float samples up to ${most}, so white is unknown`, 'scale them to 0…1');
  return { white, warnings: [`${name}: its float samples end at ${most}, not at 1 – white was taken as ${white}`] };
}

function refusal(name: string, got: string, todo: string): FormatError {
  return new FormatError({ where: name, expected: 'samples from black, 0, to white', got, hint: todo });
}

/**
 * Scales samples to 16-bit codes; what is not color or declared as alpha is left out. Alpha is divided out of the colors
 * where it was multiplied in.
 *
 * @param associated - whether colors are multiplied by alpha
 * @returns interleaved codes: the colors, then alpha if there is one
 */
export function toCodes(
  values: ArrayLike<number>,
  white: number,
  { samples, colors, alpha, whiteIsZero }: Layout,
  associated: boolean,
): Uint16Array<ArrayBuffer> {
  const channels = colors + (alpha === undefined ? 0 : 1);
  const codes = new Uint16Array((values.length / samples) * channels);
  for (let from = 0, to = 0; from < values.length; from += samples, to += channels) {
    const opacity = alpha === undefined ? 1 : Math.min(Math.max(values[from + alpha]! / white, 0), 1);
    for (let c = 0; c < colors; c++) {
      const color = values[from + c]! / white / (associated && opacity > 0 ? opacity : 1);
      codes[to + c] = Math.round(65535 * Math.min(Math.max(whiteIsZero ? 1 - color : color, 0), 1));
    }
    if (alpha !== undefined) codes[to + colors] = Math.round(65535 * opacity);
  }
  return codes;
}

/**
 * Converts CIELab samples to 16-bit sRGB codes. Lab is taken against its own white, so that neutral stays neutral.
 *
 * TIFF 6.0, section 23: CIELab has signed a* and b*; ICCLab (supplement 1) has them shifted up by half their range.
 *
 * @returns interleaved R, G, B, then alpha if there is one
 */
export function labToCodes(
  values: ArrayLike<number>,
  { samples, bits, kind, model, alpha }: Layout,
): Uint16Array<ArrayBuffer> {
  const channels = alpha === undefined ? 3 : 4;
  const codes = new Uint16Array((values.length / samples) * channels);
  const unit = bits === 16 ? 256 : 1;
  const top = 2 ** bits;
  // ICCLab's 16-bit L* ends at 0xff00.
  const lightest = kind === 'float' ? 100 : model === 'icclab' && bits === 16 ? 0xff00 : top - 1;
  const chroma = (value: number) => {
    if (kind === 'float') return value;
    return (model === 'icclab' ? value - top / 2 : value >= top / 2 ? value - top : value) / unit;
  };
  for (let from = 0, to = 0; from < values.length; from += samples, to += channels) {
    const lightness = Math.min((100 * values[from]!) / lightest, 100);
    const rgb = labToRgb(lightness, chroma(values[from + 1]!), chroma(values[from + 2]!));
    for (let c = 0; c < 3; c++) codes[to + c] = Math.round(65535 * Math.min(Math.max(rgb[c]!, 0), 1));
    if (alpha !== undefined)
      codes[to + 3] = Math.round((65535 * values[from + alpha]!) / (kind === 'float' ? 1 : top - 1));
  }
  return codes;
}
