import { describe, expect, it } from 'vitest';
import { decodeForTraining, encodeImage, readImage } from '../../../src/image/node.ts';
import { FormatError } from '../../../src/runtime/errors.ts';
import { refusal } from '../../support/refusal.ts';

interface Made {
  readonly width: number;
  /** Negative: rows from the top. */
  readonly height: number;
  readonly bits: number;
  readonly method?: number;
  /** Bytes of the header: 12, 40, 52, 56, 108 or 124. */
  readonly header?: number;
  /** Blue, green, red. */
  readonly palette?: readonly (readonly number[])[];
  readonly masks?: readonly number[];
  readonly data: readonly number[];
}

function bmp({ width, height, bits, method = 0, header = 40, palette = [], masks = [], data }: Made): Buffer {
  const core = header === 12;
  const colors = palette.flatMap((color) => (core ? color : [...color, 0]));
  const behind = header === 40 ? 4 * masks.length : 0;
  const start = 14 + header + behind + colors.length;
  const file = Buffer.alloc(start + data.length);
  file.write('BM');
  file.writeUInt32LE(file.length, 2);
  file.writeUInt32LE(start, 10);
  file.writeUInt32LE(header, 14);
  if (core) for (const [i, value] of [width, height, 1, bits].entries()) file.writeUInt16LE(value, 18 + 2 * i);
  else {
    file.writeInt32LE(width, 18);
    file.writeInt32LE(height, 22);
    file.writeUInt16LE(1, 26);
    file.writeUInt16LE(bits, 28);
    file.writeUInt32LE(method, 30);
    // 300 dpi in whole pixels a meter.
    file.writeInt32LE(11811, 38);
    file.writeInt32LE(11811, 42);
    file.writeUInt32LE(palette.length, 46);
    for (const [i, mask] of masks.entries()) file.writeUInt32LE(mask, 54 + 4 * i);
  }
  file.set(colors, 14 + header + behind);
  file.set(data, start);
  return file;
}

const BLACK = [0, 0, 0, 255];
const WHITE = [255, 255, 255, 255];
const RED = [255, 0, 0, 255];
const BLUE = [0, 0, 255, 255];
const palette = [
  [0, 0, 0],
  [255, 255, 255],
  [0, 0, 255],
  [255, 0, 0],
];
/** Two rows of three: from the top, black white red; blue black white. */
const PICTURE = [BLACK, WHITE, RED, BLUE, BLACK, WHITE].flat();

describe('every kind is the same picture', () => {
  it.each<[string, Made]>([
    ['4 bits', { width: 3, height: 2, bits: 4, palette, data: [0x30, 0x10, 0, 0, 0x01, 0x20, 0, 0] }],
    ['8 bits', { width: 3, height: 2, bits: 8, palette, data: [3, 0, 1, 0, 0, 1, 2, 0] }],
    ['8 bits, from the top', { width: 3, height: -2, bits: 8, palette, data: [0, 1, 2, 0, 3, 0, 1, 0] }],
    ['8 bits, of OS/2', { width: 3, height: 2, bits: 8, header: 12, palette, data: [3, 0, 1, 0, 0, 1, 2, 0] }],
    [
      '8 bits in runs',
      { width: 3, height: 2, bits: 8, method: 1, palette, data: [1, 3, 1, 0, 1, 1, 0, 0, 0, 3, 0, 1, 2, 0, 0, 1] },
    ],
    [
      '4 bits in runs',
      { width: 3, height: 2, bits: 4, method: 2, palette, data: [3, 0x30, 0, 0, 0, 3, 0x01, 0x20, 0, 1] },
    ],
    [
      '16 bits, 5 each',
      { width: 3, height: 2, bits: 16, data: [0x1f, 0, 0, 0, 0xff, 0x7f, 0, 0, 0, 0, 0xff, 0x7f, 0, 0x7c, 0, 0] },
    ],
    [
      '16 bits, 5 6 5',
      {
        width: 3,
        height: 2,
        bits: 16,
        method: 3,
        masks: [0xf800, 0x7e0, 0x1f],
        data: [0x1f, 0, 0, 0, 0xff, 0xff, 0, 0, 0, 0, 0xff, 0xff, 0, 0xf8, 0, 0],
      },
    ],
    [
      '24 bits',
      {
        width: 3,
        height: 2,
        bits: 24,
        data: [255, 0, 0, 0, 0, 0, 255, 255, 255, 0, 0, 0, 0, 0, 0, 255, 255, 255, 0, 0, 255, 0, 0, 0],
      },
    ],
    [
      '32 bits, whose fourth byte is nothing',
      {
        width: 3,
        height: 2,
        bits: 32,
        data: [255, 0, 0, 0, 0, 0, 0, 0, 255, 255, 255, 0, 0, 0, 0, 0, 255, 255, 255, 0, 0, 0, 255, 0],
      },
    ],
  ])('%s', async (name, made) => {
    const file = bmp(made);
    const image = await readImage(file);
    // The run-length picture of 4 bits has a row of one index.
    const expected = name === '4 bits in runs' ? [BLACK, WHITE, RED, BLUE, BLACK, BLUE].flat() : PICTURE;
    expect([...image.data]).toEqual(expected);
    expect([image.width, image.height, image.depth, image.format]).toEqual([3, 2, 8, 'bmp']);
    expect([...(await decodeForTraining(file, { longer: 3 })).data]).toEqual(expected);
  });

  it('1 bit', async () => {
    const image = await readImage(
      bmp({ width: 10, height: 1, bits: 1, palette, data: [0b01011111, 0b01000000, 0, 0] }),
    );
    expect([...image.data].filter((_, i) => i % 4 === 0).map((v) => v / 255)).toEqual([0, 1, 0, 1, 1, 1, 1, 1, 0, 1]);
  });

  it('alpha where a mask says so', async () => {
    const masks = [0xff0000, 0xff00, 0xff, 0xff000000];
    const made = { width: 1, height: 1, bits: 32, method: 3, header: 124, masks, data: [10, 20, 30, 99] };
    expect([...(await readImage(bmp(made))).data]).toEqual([30, 20, 10, 99]);
  });

  it('its resolution is kept', async () => {
    const image = await readImage(bmp({ width: 1, height: 1, bits: 24, data: [0, 0, 0, 0] }));
    expect(image.metadata.resolution).toEqual({ x: 118.11, y: 118.11, unit: 'cm' });
    const { bytes } = await encodeImage('a.png', image, { metadata: image.metadata });
    expect((await readImage(bytes)).metadata.resolution).toEqual(image.metadata.resolution);
  });
});

it('what is damaged, too large or of another kind is named', async () => {
  const whole = { width: 3, height: 2, bits: 8, palette, data: [3, 0, 1, 0, 0, 1, 2, 0] };
  const files = [
    bmp(whole).subarray(0, -5),
    bmp({ ...whole, width: 40000, height: 40000 }),
    bmp({ ...whole, width: -3 }),
    bmp({ ...whole, bits: 24, method: 4 }),
    bmp({ ...whole, bits: 64 }),
    bmp({ ...whole, method: 1, data: [3, 1, 0] }),
  ];
  const messages = files.map((file) => readImage(file, { name: 'a.bmp' }).catch((error: Error) => error));
  const errors = await Promise.all(messages);
  expect(String(errors[0])).toMatchInlineSnapshot(
    `"FormatError: a.bmp: expected a whole image, got a BMP that is cut short – get an undamaged copy"`,
  );
  const refused = (got: string, expected = 'a whole image') => refusal('FormatError', 'a.bmp', got, expected);
  expect(errors.slice(1)).toEqual([
    refused('40000 x 40000 = 1600000000', 'at most 268402689 pixels'),
    refused('a BMP of -3 x 2'),
    refused('a BMP of 24 bits, compression 4'),
    refused('a BMP of 64 bits, compression 0'),
    refused('a BMP that is cut short'),
  ]);
});

it('no bytes make it fail in another way, or take long', async () => {
  const start = bmp({ width: 30, height: 20, bits: 4, method: 2, palette, data: Array(300).fill(7) });
  let state = 7;
  const random = (most: number) => {
    state = (state * 48271) % 2147483647;
    return state % most;
  };
  for (let i = 0; i < 300; i++) {
    const file = Buffer.from(start);
    for (let k = 0; k < 3; k++) file[14 + random(file.length - 14)] = random(256);
    // Sizes of hundreds of megapixels are allowed, and slow.
    file.fill(0, 20, 22);
    file.fill(0, 24, 26);
    await readImage(file).catch((error: Error) => expect(error).toBeInstanceOf(FormatError));
  }
});
