/** Seeded parameters of the network: the same numbers for every style of file. Made when asked for, never kept. */
import { Random, seedOf } from '../../src/util/random.ts';
import type { Convolution, NetworkOptions } from './architecture.ts';

export type Floats = Float32Array<ArrayBuffer>;

/** The mean and variance of each channel before its batch normalization. */
export interface Moments {
  readonly mean: Floats;
  readonly variance: Floats;
}

export interface Normalization extends Moments {
  readonly gamma: Floats;
  readonly beta: Floats;
}

/** The ε of batch normalization in all published variants. */
export const EPSILON = 1e-3;

interface Encoded {
  readonly seed: number;
  readonly moments: [layer: string, mean: number[], variance: number[]][];
}

export class Parameters {
  private readonly seed: number;
  private readonly moments: ReadonlyMap<string, Moments>;

  /** @param moments by layer; `calibrate` measures them */
  constructor(seed: number, moments: ReadonlyMap<string, Moments>) {
    this.seed = seed;
    this.moments = moments;
  }

  /** Reads what `encode` wrote. */
  static decode(text: string): Parameters {
    const { seed, moments } = JSON.parse(text) as Encoded;
    const array = (values: number[]) => Float32Array.from(values);
    return new Parameters(
      seed,
      new Map(moments.map(([name, mean, variance]) => [name, { mean: array(mean), variance: array(variance) }])),
    );
  }

  /** Writes down all that the parameters follow from. */
  encode(): string {
    const moments = [...this.moments].map(([name, { mean, variance }]) => [name, [...mean], [...variance]] as const);
    return JSON.stringify({ seed: this.seed, moments });
  }

  /** Weights [Cout, Cin, Kh, Kw], normally distributed with He's deviation √(2 / fan-in). */
  weights({ name, inputs, outputs, kernel }: Convolution): Floats {
    const products = inputs * kernel[0] * kernel[1];
    return this.normal(`${name}/weights`, outputs * products, Math.sqrt(2 / products));
  }

  /** The bias [Cout] of a projection. */
  bias({ name, outputs }: Convolution): Floats {
    return this.normal(`${name}/bias`, outputs, 0.1);
  }

  /** Scale [Cout] around 1 and shift [Cout] around 0. */
  affine({ name, outputs }: Convolution): Pick<Normalization, 'gamma' | 'beta'> {
    const gamma = this.normal(`${name}/gamma`, outputs, 0.1).map((value) => 1 + value);
    return { gamma, beta: this.normal(`${name}/beta`, outputs, 0.2) };
  }

  /** @throws Error for a layer that was not calibrated */
  normalization(layer: Convolution): Normalization {
    const moments = this.moments.get(layer.name);
    if (!moments) throw new Error(`normalization of ${layer.name}: not calibrated`);
    return { ...this.affine(layer), ...moments };
  }

  /** Batch normalization as y = scale · x + shift. */
  scaleAndShift(layer: Convolution): { scale: Floats; shift: Floats } {
    const { gamma, beta, mean, variance } = this.normalization(layer);
    const scale = gamma.map((value, c) => value / Math.sqrt(variance[c]! + EPSILON));
    return { scale, shift: beta.map((value, c) => value - mean[c]! * scale[c]!) };
  }

  /** Weights and bias of a convolution that takes its batch normalization in. */
  folded(layer: Convolution): { weights: Floats; bias: Floats } {
    const { scale, shift } = this.scaleAndShift(layer);
    const products = layer.inputs * layer.kernel[0] * layer.kernel[1];
    const weights = this.weights(layer);
    for (let c = 0; c < layer.outputs; c++) {
      const row = weights.subarray(c * products, (c + 1) * products);
      for (let i = 0; i < products; i++) row[i]! *= scale[c]!;
    }
    return { weights, bias: shift };
  }

  /** A classifier: weights [classes, inputs] and bias [classes]. */
  dense(name: string, inputs: number, { classes }: NetworkOptions): { weights: Floats; bias: Floats } {
    const weights = this.normal(`${name}/weights`, classes * inputs, 2 / Math.sqrt(inputs));
    return { weights, bias: this.normal(`${name}/bias`, classes, 0.1) };
  }

  /** Normally distributed numbers (Box and Muller) that depend on `name` and the seed only. */
  private normal(name: string, length: number, deviation: number): Floats {
    const random = new Random(seedOf(this.seed, ...Array.from(name, (letter) => letter.charCodeAt(0))));
    const values = new Float32Array(length);
    for (let i = 0; i < length; i += 2) {
      const radius = deviation * Math.sqrt(-2 * Math.log(1 - random.uniform()));
      const angle = 2 * Math.PI * random.uniform();
      values[i] = radius * Math.cos(angle);
      if (i + 1 < length) values[i + 1] = radius * Math.sin(angle);
    }
    return values;
  }
}
