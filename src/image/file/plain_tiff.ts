/** TIFF files of the plainest kind, for pixels that came another way: one strip, not compressed. */
import { encodeTree, longs, opaque, shorts, type Tree } from './tiff.ts';
import { TAG } from './tiff_layout.ts';

export interface PlainPicture {
  /** Interleaved; the last of 2 or 4 samples is alpha, or there are 1 (grey), 3 (RGB), or 4 and 5 (CMYK). */
  readonly data: Uint8Array | Uint16Array;
  readonly width: number;
  readonly height: number;
  readonly model: 'grey' | 'rgb' | 'cmyk';
  readonly icc?: Uint8Array;
}

const MODELS = { grey: [1, 1], rgb: [2, 3], cmyk: [5, 4] } as const;

/** Makes the file. */
export function plainTiff({ data, width, height, model, icc }: PlainPicture): Uint8Array<ArrayBuffer> {
  const samples = data.length / (width * height);
  const [photometric, colors] = MODELS[model];
  const start = 8;
  const at = start + data.byteLength + (data.byteLength % 2);
  const tree: Tree = new Map([
    [256, longs([width])],
    [257, longs([height])],
    [TAG.bits, shorts(Array<number>(samples).fill(8 * data.BYTES_PER_ELEMENT))],
    [TAG.compression, shorts([1])],
    [TAG.photometric, shorts([photometric])],
    [273, longs([start])],
    [TAG.samples, shorts([samples])],
    [278, longs([height])],
    [279, longs([data.byteLength])],
  ]);
  // 2: unassociated alpha.
  if (samples > colors) tree.set(TAG.extra, shorts([2]));
  if (icc) tree.set(TAG.icc, opaque(icc));
  const directory = encodeTree(tree, at);
  const file = new Uint8Array(at + directory.length);
  file.set([0x49, 0x49, 42, 0]);
  new DataView(file.buffer).setUint32(4, at, true);
  // Samples stand in the machine's own order, which is little-endian wherever sharp runs.
  file.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), start);
  file.set(directory, at);
  return file;
}
