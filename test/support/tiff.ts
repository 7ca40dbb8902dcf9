/** TIFF files for tests, uncompressed, one strip a page (TIFF 6.0): any sample type, any tags. */

/** `kind` as the TIFF's SampleFormat names it: 1 unsigned, 2 signed, 3 float. */
export interface TiffPage {
  readonly width: number;
  readonly height: number;
  /** Bits a sample; default 8. */
  readonly bits?: number;
  /** SampleFormat; default 1, unsigned. */
  readonly kind?: 1 | 2 | 3;
  /** PhotometricInterpretation: 0 white is zero, 1 black is zero, 2 RGB, 3 palette, 5 CMYK, 8 CIELab; default 1. */
  readonly photometric?: number;
  /** Samples a pixel; default 1. */
  readonly samples?: number;
  /** ExtraSamples, one each. */
  readonly extra?: readonly number[];
  /** The strip's bytes; made with `samplesOf`, or packed by hand below 8 bits. */
  readonly data: Uint8Array;
  /** Further tags: text (ASCII), bytes (UNDEFINED), whole numbers (SHORT or LONG), `{rational}`. */
  readonly tags?: Readonly<Record<number, string | Uint8Array | readonly number[] | { rational: [number, number] }>>;
}

/** Samples as a strip's bytes, least significant first. */
export function samplesOf(values: ArrayLike<number>, bits: number, kind: 1 | 2 | 3): Uint8Array {
  const bytes = new Uint8Array((values.length * bits) / 8);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < values.length; i++) {
    const at = (i * bits) / 8;
    const value = values[i]!;
    if (kind === 3) {
      if (bits === 16) view.setUint16(at, half(value), true);
      else if (bits === 32) view.setFloat32(at, value, true);
      else view.setFloat64(at, value, true);
    } else if (bits === 8) view.setUint8(at, value);
    else if (bits === 16) view.setUint16(at, value, true);
    else view.setUint32(at, value, true);
  }
  return bytes;
}

/** IEEE 754 binary16 bits, rounded to the nearest, for values of 0 and 2⁻¹⁴…65504. */
function half(value: number): number {
  if (value === 0) return 0;
  const sign = value < 0 ? 0x8000 : 0;
  const exponent = Math.floor(Math.log2(Math.abs(value)));
  if (exponent < -14) return sign | Math.round(Math.abs(value) * 2 ** 24);
  return sign + ((exponent + 15) << 10) + Math.round((Math.abs(value) / 2 ** exponent - 1) * 1024);
}

/** Makes the file. */
export function tiff(...pages: readonly TiffPage[]): Buffer {
  const parts: Uint8Array[] = [];
  let length = 0;
  const put = (bytes: Uint8Array) => {
    const at = length;
    const padded = new Uint8Array(bytes.length + (bytes.length % 2));
    padded.set(bytes);
    parts.push(padded);
    length += padded.length;
    return at;
  };
  put(Uint8Array.of(0x49, 0x49, 42, 0, 0, 0, 0, 0));
  let link: { bytes: Uint8Array; at: number } = { bytes: parts[0]!, at: 4 };
  for (const page of pages) {
    const { width, height, bits = 8, kind = 1, photometric = 1, samples = 1, extra, data, tags = {} } = page;
    const strip = put(data);
    const all: TiffPage['tags'] = {
      256: [width],
      257: [height],
      258: Array(samples).fill(bits),
      259: [1],
      262: [photometric],
      273: [strip],
      277: [samples],
      278: [height],
      279: [data.length],
      339: Array(samples).fill(kind),
      ...(extra && { 338: extra }),
      ...tags,
    };
    const entries = Object.entries(all).map(([tag, value]) => {
      const [type, count, bytes] = encode(value);
      const field = new Uint8Array(12);
      const view = new DataView(field.buffer);
      view.setUint16(0, Number(tag), true);
      view.setUint16(2, type, true);
      view.setUint32(4, count, true);
      if (bytes.length <= 4) field.set(bytes, 8);
      else view.setUint32(8, put(bytes), true);
      return field;
    });
    const directory = new Uint8Array(2 + 12 * entries.length + 4);
    new DataView(directory.buffer).setUint16(0, entries.length, true);
    for (const [i, entry] of entries.entries()) directory.set(entry, 2 + 12 * i);
    const at = put(directory);
    new DataView(link.bytes.buffer).setUint32(link.at, at, true);
    link = { bytes: parts.at(-1)!, at: directory.length - 4 };
  }
  return Buffer.concat(parts);
}

function encode(value: NonNullable<TiffPage['tags']>[number]): [type: number, count: number, bytes: Uint8Array] {
  if (typeof value === 'string') {
    const bytes = new TextEncoder().encode(`${value}\0`);
    return [2, bytes.length, bytes];
  }
  if (value instanceof Uint8Array) return [7, value.length, value];
  if ('rational' in value) return [5, 1, new Uint8Array(Uint32Array.from(value.rational).buffer)];
  const long = value.some((number) => number > 65535);
  const bytes = long ? new Uint8Array(Uint32Array.from(value).buffer) : new Uint8Array(Uint16Array.from(value).buffer);
  return [long ? 4 : 3, value.length, bytes];
}
