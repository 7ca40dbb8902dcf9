/** The convolutions that are measured one by one, each told by the text that names it in the tables. */

/** A convolution with square images, its extents as in its text. */
export interface Layer {
  readonly text: string;
  readonly name: string;
  readonly kernel: readonly [height: number, width: number];
  /** Height and width of the input. */
  readonly size: number;
  readonly channels: readonly [cin: number, cout: number];
  readonly stride: number;
  readonly padding: 'same' | 'valid';
}

/** Which of a convolution's three computations. */
export const DIRECTIONS = ['forward', 'input gradient', 'weight gradient'] as const;
export type Direction = (typeof DIRECTIONS)[number];

/** The colorizer's at 224 x 224; fusion's without the embedding, which is one vector a picture. */
export const COLORIZER = [
  'enc1 3x3 224x224 1→64 /2',
  'enc2 3x3 112x112 64→128',
  'enc3 3x3 112x112 128→128 /2',
  'enc4 3x3 56x56 128→256',
  'enc5 3x3 56x56 256→256 /2',
  'enc6 3x3 28x28 256→512',
  'enc7 3x3 28x28 512→512',
  'enc8 3x3 28x28 512→256',
  'fusion 1x1 28x28 256→256',
  'dec1 3x3 28x28 256→128',
  'dec2 3x3 56x56 128→64',
  'dec3 3x3 56x56 64→64',
  'dec4 3x3 112x112 64→32',
  'dec5 3x3 112x112 32→2',
] as const;

/** Typical ones of Inception-ResNet-v2 at 299 x 299. */
export const INCEPTION = [
  'stem 3x3 147x147 32→64',
  'stem 3x3 73x73 80→192 valid',
  'block35 1x1 35x35 320→32',
  'block35 3x3 35x35 32→48',
  'mixed6a 3x3 35x35 320→384 /2 valid',
  'block17 1x1 17x17 1088→192',
  'block17 1x7 17x17 128→160',
  'block17 7x1 17x17 160→192',
  'block8 1x1 8x8 2080→192',
  'block8 1x3 8x8 192→224',
] as const;

/** What `--quick` takes of both. */
const QUICK: readonly string[] = [
  'enc3 3x3 112x112 128→128 /2',
  'enc8 3x3 28x28 512→256',
  'fusion 1x1 28x28 256→256',
  'dec3 3x3 56x56 64→64',
  'dec5 3x3 112x112 32→2',
  'block35 1x1 35x35 320→32',
  'block17 1x7 17x17 128→160',
];

/** That network is frozen here, so a few gradients will do: one of each kind. */
const INCEPTION_GRADIENTS: readonly string[] = [
  'block35 3x3 35x35 32→48',
  'mixed6a 3x3 35x35 320→384 /2 valid',
  'block17 1x1 17x17 1088→192',
  'block17 1x7 17x17 128→160',
];

/** The layers of a network in one direction. The first layer has no input gradient: its input is the picture. */
export function layersOf(network: 'colorizer' | 'Inception-ResNet-v2', direction: Direction, quick: boolean): Layer[] {
  const all: readonly string[] =
    network === 'colorizer' ? COLORIZER : direction === 'forward' ? INCEPTION : INCEPTION_GRADIENTS;
  return all
    .filter((text) => !quick || QUICK.includes(text))
    .map(parseLayer)
    .filter(({ name }) => name !== 'enc1' || direction !== 'input gradient');
}

/** Reads a layer's text: name, kernel (height x width), input, channels, stride if not 1, padding if not SAME. */
export function parseLayer(text: string): Layer {
  const found = /^(\w+) (\d+)x(\d+) (\d+)x\4 (\d+)→(\d+)(?: \/(\d))?( valid)?$/.exec(text);
  if (!found) throw new Error(`layer: expected 'NAME KHxKW SxS CIN→COUT', got '${text}'`);
  const [height, width, size, cin, cout] = found.slice(2, 7).map(Number) as [number, number, number, number, number];
  return {
    text,
    name: found[1]!,
    kernel: [height, width],
    size,
    channels: [cin, cout],
    stride: Number(found[7] ?? 1),
    padding: found[8] ? 'valid' : 'same',
  };
}
