/**
 * Inception-ResNet-v2, the graph that TF-slim, Keras and timm share, as a table and a walk through it.
 * A `Builder` decides how each layer is written; nothing here knows of ONNX.
 */

export interface NetworkOptions {
  /** Divides all channel counts, which stay multiples of 4. Default 1. */
  readonly widthDivisor: number;
  /** Width and height of the input in pixels, from 75. Default 299. */
  readonly size: number;
  /** Default 1001: slim's, of which class 0 is the background. */
  readonly classes: number;
}

export const DEFAULTS: NetworkOptions = { widthDivisor: 1, size: 299, classes: 1001 };

/** An activation with square images: what it is called, its channels, its width and height in pixels. */
export interface Value {
  readonly name: string;
  readonly channels: number;
  readonly size: number;
}

export type Padding = 'SAME' | 'VALID';

export interface Convolution {
  readonly name: string;
  /** Height and width. */
  readonly kernel: readonly [number, number];
  readonly stride: number;
  readonly padding: Padding;
  readonly inputs: number;
  readonly outputs: number;
}

export interface Pool {
  readonly name: string;
  readonly type: 'max' | 'average';
  readonly kernel: number;
  readonly stride: number;
  readonly padding: Padding;
}

/** Writes layers down. Each function returns the name of its result. */
export interface Builder {
  /** A convolution without a bias, batch normalization, ReLU. */
  convolution(x: Value, layer: Convolution): string;
  /** A convolution with a bias, and nothing after it. */
  projection(x: Value, layer: Convolution): string;
  /** A pool; the mean leaves padding out. */
  pool(x: Value, pool: Pool): string;
  /** All channels of `parts`, one after the other. */
  concat(parts: readonly Value[], name: string): string;
  /** x + scale · branch. */
  residual(x: Value, branch: Value, scale: number, name: string): string;
  relu(x: Value, name: string): string;
}

// `KHxKW:C` is a SAME convolution to C channels, `KHxKW/S:C` a VALID one of stride S;
// `max` is a VALID 3x3 pool of stride 2, `avg` a SAME 3x3 pool of stride 1.
const STEM = '3x3/2:32 3x3/1:32 3x3:64 max 1x1:80 3x3/1:192 max';
const MIXED_5B = ['1x1:96', '1x1:48 5x5:64', '1x1:64 3x3:96 3x3:96', 'avg 1x1:64'];
const BLOCK_35 = ['1x1:32', '1x1:32 3x3:32', '1x1:32 3x3:48 3x3:64'];
const MIXED_6A = ['3x3/2:384', '1x1:256 3x3:256 3x3/2:384', 'max'];
const BLOCK_17 = ['1x1:192', '1x1:128 1x7:160 7x1:192'];
const MIXED_7A = ['1x1:256 3x3/2:384', '1x1:256 3x3/2:288', '1x1:256 3x3:288 3x3/2:320', 'max'];
const BLOCK_8 = ['1x1:192', '1x1:192 1x3:224 3x1:256'];
const LAST = '1x1:1536';

const MAX: Omit<Pool, 'name'> = { type: 'max', kernel: 3, stride: 2, padding: 'VALID' };
const AVERAGE: Omit<Pool, 'name'> = { type: 'average', kernel: 3, stride: 1, padding: 'SAME' };

/** Walks through the layers. `Walk.network` gives the features before the head, `Walk.auxiliary` slim's second head. */
export class Walk {
  private readonly builder: Builder;
  private readonly widthDivisor: number;

  constructor(builder: Builder, widthDivisor: number) {
    this.builder = builder;
    this.widthDivisor = widthDivisor;
  }

  /** Writes everything up to the global pool: the features, and the 17x17 ones that the auxiliary head looks at. */
  network(image: Value): { features: Value; middle: Value } {
    let x = this.sequence(image, STEM, 'Stem');
    x = this.mixed(x, MIXED_5B, 'Mixed_5b');
    x = this.repeat(x, 10, BLOCK_35, 0.17, 'Repeat/block35');
    x = this.mixed(x, MIXED_6A, 'Mixed_6a');
    const middle = this.repeat(x, 20, BLOCK_17, 0.1, 'Repeat_1/block17');
    x = this.mixed(middle, MIXED_7A, 'Mixed_7a');
    x = this.repeat(x, 9, BLOCK_8, 0.2, 'Repeat_2/block8');
    x = this.block(x, BLOCK_8, 1, 'Block8');
    return { features: this.sequence(x, LAST, 'Conv2d_7b'), middle };
  }

  /** Writes the auxiliary head up to its classifier: one pixel of 768 channels. */
  auxiliary(middle: Value): Value {
    const kernel = Math.min(5, middle.size);
    const pooled = this.pool(middle, { name: 'AuxLogits/Pool', type: 'average', kernel, stride: 3, padding: 'VALID' });
    const window = `${pooled.size}x${pooled.size}/1`;
    return this.sequence(pooled, `1x1:128 ${window}:768`, 'AuxLogits');
  }

  private repeat(x: Value, times: number, branches: readonly string[], scale: number, name: string): Value {
    let y = x;
    for (let i = 1; i <= times; i++) {
      y = this.block(y, branches, scale, `${name}_${i}`);
      y = { ...y, name: this.builder.relu(y, `${name}_${i}/Relu`) };
    }
    return y;
  }

  /** x + scale · up(branches of x): a residual block before its ReLU. */
  private block(x: Value, branches: readonly string[], scale: number, name: string): Value {
    const mixed = this.mixed(x, branches, name);
    const layer = this.layer(mixed, '1x1', x.channels, `${name}/Up`);
    const up = { ...x, name: this.builder.projection(mixed, layer) };
    return { ...x, name: this.builder.residual(x, up, scale, name) };
  }

  private mixed(x: Value, branches: readonly string[], name: string): Value {
    const parts = branches.map((branch, i) => this.sequence(x, branch, `${name}/Branch_${i}`));
    const channels = parts.reduce((sum, part) => sum + part.channels, 0);
    return { name: this.builder.concat(parts, `${name}/Concat`), channels, size: parts[0]!.size };
  }

  private sequence(x: Value, layers: string, scope: string): Value {
    return layers.split(' ').reduce((value, text, i) => {
      const name = `${scope}/${i}_${text.replace(/\W.*/, '')}`;
      if (text === 'max') return this.pool(value, { name, ...MAX });
      if (text === 'avg') return this.pool(value, { name, ...AVERAGE });
      const [window, channels] = text.split(':') as [string, string];
      const layer = this.layer(value, window, this.width(Number(channels)), name);
      const size = sizeAfter(value.size, { ...layer, kernel: layer.kernel[0] });
      return { name: this.builder.convolution(value, layer), channels: layer.outputs, size };
    }, x);
  }

  private pool(x: Value, pool: Pool): Value {
    return { ...x, name: this.builder.pool(x, pool), size: sizeAfter(x.size, pool) };
  }

  private layer(x: Value, window: string, outputs: number, name: string): Convolution {
    const [, height, width, stride] = /^(\d+)x(\d+)(?:\/(\d))?$/.exec(window)!;
    const padding = stride === undefined ? 'SAME' : 'VALID';
    const kernel = [Number(height), Number(width)] as const;
    return { name, kernel, stride: Number(stride ?? 1), padding, inputs: x.channels, outputs };
  }

  private width(channels: number): number {
    return Math.max(4, 4 * Math.round(channels / this.widthDivisor / 4));
  }
}

function sizeAfter(size: number, { kernel, stride, padding }: Pick<Pool, 'kernel' | 'stride' | 'padding'>): number {
  return padding === 'SAME' ? Math.ceil(size / stride) : Math.floor((size - kernel) / stride) + 1;
}

/** The padding on all four sides that SAME means for a kernel of odd size at stride 1: top, left, bottom, right. */
export function padsOf({ kernel: [height, width], padding }: Pick<Convolution, 'kernel' | 'padding'>): number[] {
  if (padding === 'VALID') return [0, 0, 0, 0];
  const [vertical, horizontal] = [(height - 1) / 2, (width - 1) / 2];
  return [vertical, horizontal, vertical, horizontal];
}
