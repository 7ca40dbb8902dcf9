/** Photoshop image resources: IPTC captions, keywords and by-lines are one of them. */
import { bigEndian, concat, fromLatin, latin } from './bytes.ts';

const IPTC = 0x0404;

/** Finds the IPTC datasets (IIM) among resources; undefined where there are none. */
export function iptcOf(resources: Uint8Array): Uint8Array | undefined {
  const view = new DataView(resources.buffer, resources.byteOffset, resources.byteLength);
  for (let at = 0; at + 12 <= resources.length; ) {
    if (fromLatin(resources.subarray(at, at + 4)) !== '8BIM') return undefined;
    const id = view.getUint16(at + 4);
    // A Pascal string, its length byte included, padded to an even length.
    const name = resources[at + 6]! + 1;
    const size = at + 6 + name + (name % 2);
    if (size + 4 > resources.length) return undefined;
    const start = size + 4;
    const length = view.getUint32(size);
    if (start + length > resources.length) return undefined;
    if (id === IPTC && length > 0) return resources.subarray(start, start + length);
    at = start + length + (length % 2);
  }
  return undefined;
}

/** Makes a resource of IPTC datasets. */
export function photoshopOf(iptc: Uint8Array): Uint8Array {
  return concat([
    latin('8BIM'),
    Uint8Array.of(IPTC >> 8, IPTC & 255, 0, 0),
    bigEndian(iptc.length),
    iptc,
    new Uint8Array(iptc.length % 2),
  ]);
}

/** The keyword under which ImageMagick and ExifTool keep IPTC in a PNG's text. */
export const PNG_IPTC = 'Raw profile type iptc';

/** Writes IPTC as such a text: name, length, hexadecimal digits. */
export function iptcToText(iptc: Uint8Array): string {
  const bytes = photoshopOf(iptc);
  const digits = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  return `\niptc\n${String(bytes.length).padStart(8)}\n${digits.replace(/.{72}/g, '$&\n')}\n`;
}

/** Reads IPTC from such a text; undefined where there is none. */
export function iptcFromText(text: string): Uint8Array | undefined {
  const digits = /^\s*\w+\s+\d+\s([\s\da-f]*)$/i.exec(text)?.[1]?.replace(/\s/g, '') ?? '';
  const bytes = Uint8Array.from({ length: digits.length >> 1 }, (_, i) =>
    Number.parseInt(digits.slice(2 * i, 2 * i + 2), 16),
  );
  return bytes[0] === 0x1c ? bytes : iptcOf(bytes);
}
