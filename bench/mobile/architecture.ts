/**
 * EfficientNet-Lite0, MobileNetV2 and MobileNetV3-large up to their features, as lists of convolutions. What follows a
 * sum is part of it: bias, activation, and the input of a block that is added to its output.
 */

/** A convolution with square images and SAME padding as TensorFlow has it. */
export interface MobileLayer {
  readonly kind: 'convolution' | 'depthwise';
  /** Height and width of the kernel, and of the input. */
  readonly kernel: number;
  readonly size: number;
  readonly stride: number;
  readonly inputs: number;
  readonly outputs: number;
  readonly activation: 'relu6' | 'relu' | 'hard_swish' | 'none';
  /** The input of the layer so many before this one is added. */
  readonly residual?: number;
}

export const MOBILE_NETWORKS = ['EfficientNet-Lite0', 'MobileNetV2', 'MobileNetV3-large'] as const;
export type MobileNetwork = (typeof MOBILE_NETWORKS)[number];

/** Width and height of the pictures. */
export const SIZES: Readonly<Record<MobileNetwork, number>> = {
  'EfficientNet-Lite0': 256,
  MobileNetV2: 224,
  'MobileNetV3-large': 224,
};

/** Inverted bottlenecks: kernel, channels in the middle for each of the input, stride of the first, channels, repeats. */
type Stage = readonly [kernel: number, expansion: number, stride: number, channels: number, repeats: number];

const LITE0: readonly Stage[] = [
  [3, 1, 1, 16, 1],
  [3, 6, 2, 24, 2],
  [5, 6, 2, 40, 2],
  [3, 6, 2, 80, 3],
  [5, 6, 1, 112, 3],
  [5, 6, 2, 192, 4],
  [3, 6, 1, 320, 1],
];

const V2: readonly Stage[] = [
  [3, 1, 1, 16, 1],
  [3, 6, 2, 24, 2],
  [3, 6, 2, 32, 3],
  [3, 6, 2, 64, 4],
  [3, 6, 1, 96, 3],
  [3, 6, 2, 160, 3],
  [3, 6, 1, 320, 1],
];

/** Of one block each: kernel, channels in the middle, channels, stride, ReLU or hard-swish. Squeeze-and-excite is left out. */
const V3 = [
  [3, 16, 16, 1, 'relu'],
  [3, 64, 24, 2, 'relu'],
  [3, 72, 24, 1, 'relu'],
  [5, 72, 40, 2, 'relu'],
  [5, 120, 40, 1, 'relu'],
  [5, 120, 40, 1, 'relu'],
  [3, 240, 80, 2, 'hard_swish'],
  [3, 200, 80, 1, 'hard_swish'],
  [3, 184, 80, 1, 'hard_swish'],
  [3, 184, 80, 1, 'hard_swish'],
  [3, 480, 112, 1, 'hard_swish'],
  [3, 672, 112, 1, 'hard_swish'],
  [5, 672, 160, 2, 'hard_swish'],
  [5, 960, 160, 1, 'hard_swish'],
  [5, 960, 160, 1, 'hard_swish'],
] as const;

/** All layers of a network in order. */
export function mobileLayers(network: MobileNetwork, size = SIZES[network]): MobileLayer[] {
  const walk = new Walk(size);
  if (network === 'MobileNetV3-large') {
    walk.convolution(3, 16, 'hard_swish', 2);
    for (const [kernel, middle, channels, stride, activation] of V3) {
      walk.block(kernel, middle, channels, stride, activation);
    }
    walk.convolution(1, 960, 'hard_swish');
    return walk.layers;
  }
  walk.convolution(3, 32, 'relu6', 2);
  for (const [kernel, expansion, stride, channels, repeats] of network === 'MobileNetV2' ? V2 : LITE0) {
    for (let i = 0; i < repeats; i++) {
      walk.block(kernel, walk.channels * expansion, channels, i === 0 ? stride : 1, 'relu6');
    }
  }
  walk.convolution(1, 1280, 'relu6');
  return walk.layers;
}

class Walk {
  readonly layers: MobileLayer[] = [];
  channels = 3;
  private size: number;

  constructor(size: number) {
    this.size = size;
  }

  block(kernel: number, middle: number, channels: number, stride: number, activation: MobileLayer['activation']): void {
    const inputs = this.channels;
    if (middle !== inputs) this.convolution(1, middle, activation);
    this.push({ kind: 'depthwise', kernel, stride, outputs: middle, activation });
    const residual = stride === 1 && inputs === channels ? { residual: middle === inputs ? 1 : 2 } : {};
    this.push({ kind: 'convolution', kernel: 1, stride: 1, outputs: channels, activation: 'none', ...residual });
  }

  convolution(kernel: number, outputs: number, activation: MobileLayer['activation'], stride = 1): void {
    this.push({ kind: 'convolution', kernel, stride, outputs, activation });
  }

  private push(layer: Omit<MobileLayer, 'size' | 'inputs'>): void {
    this.layers.push({ ...layer, size: this.size, inputs: this.channels });
    this.channels = layer.outputs;
    this.size = Math.ceil(this.size / layer.stride);
  }
}

/** The classes of layers that are measured apart. */
export const CLASSES = ['stem', 'depthwise', '1x1'] as const;
export type LayerClass = (typeof CLASSES)[number];

export function classOf({ kind, kernel }: MobileLayer): LayerClass {
  if (kind === 'depthwise') return 'depthwise';
  return kernel === 1 ? '1x1' : 'stem';
}

/** What tells a layer from others: `depthwise 5x5 32x32 240 /2 relu6`. */
export function textOf(layer: MobileLayer): string {
  const { kind, kernel, size, stride, inputs, outputs, activation, residual } = layer;
  return [
    ...(kind === 'depthwise' ? ['depthwise'] : []),
    `${kernel}x${kernel}`,
    `${size}x${size}`,
    kind === 'depthwise' ? `${inputs}` : `${inputs}→${outputs}`,
    ...(stride > 1 ? [`/${stride}`] : []),
    ...(activation === 'none' ? [] : [activation]),
    ...(residual ? ['add'] : []),
  ].join(' ');
}

/** The layers of a network that differ, by their text. */
export function distinctLayers(network: MobileNetwork): Map<string, MobileLayer> {
  return new Map(mobileLayers(network).map((layer) => [textOf(layer), layer]));
}
