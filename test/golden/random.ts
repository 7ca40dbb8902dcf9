/** The golden files: how to read them, and the values that they were computed from. The protocol: make_golden.py. */
import { readFileSync } from 'node:fs';

type Floats = Float32Array<ArrayBuffer>;

export interface Tensor {
  readonly shape: readonly number[];
  readonly data: Floats;
}

/** `samples[j]` is element `sampleIndex(j, n)` of the flat array. */
export interface Summary {
  readonly sum: number;
  readonly norm: number;
  readonly samples: readonly number[];
}

export interface GoldenParameter {
  readonly shape: readonly number[];
  /** As made by `goldenParameters`. */
  readonly first: Summary;
  /** Only where the gradients are not stored whole. */
  readonly gradient?: Summary;
  /** After ten steps of Adam. */
  readonly after: Summary;
}

export interface Golden {
  readonly divisor: number;
  readonly kind: 'none' | 'vector';
  /** The embedding's width, 0 for kind 'none'. */
  readonly embedding: number;
  readonly batch: number;
  readonly height: number;
  readonly width: number;
  readonly masked: boolean;
  /** Of the lightness: one that keeps every ReLU's input away from 0, so that rounding does not decide its side. */
  readonly seed: number;
  /** How far PyTorch's float32 is from these float64 results. */
  readonly float32: {
    readonly output: number;
    readonly gradients: number;
    readonly losses: readonly number[];
    readonly after: number;
    readonly update: number;
  };
  /** Before the first step, and after each of ten. */
  readonly losses: readonly number[];
  readonly inputs: Readonly<Record<string, Summary>>;
  /** By layer, before its nearest x2. */
  readonly activations: Readonly<Record<string, Summary & { readonly shape: readonly number[] }>>;
  /** In the order of their numbers. */
  readonly parameters: Readonly<Record<string, GoldenParameter>>;
  /** [N, H, W, 2] */
  readonly output: Tensor;
  /** By parameter; empty for 'full-none'. */
  readonly gradients: Readonly<Record<string, Tensor>>;
}

export interface GoldenLab {
  /** CIE XYZ of the white point, Y = 1. */
  readonly white: readonly number[];
  /** Linear sRGB to XYZ. */
  readonly matrix: readonly (readonly number[])[];
  readonly rgb: readonly (readonly [number, number, number])[];
  readonly lab: readonly (readonly [number, number, number])[];
  /** Element i is between colors i and i + 1. */
  readonly deltaE2000: readonly number[];
  /** Of all the colors taken as one picture. */
  readonly colorfulness: number;
}

const read = (name: string, reviver?: (key: string, value: unknown) => unknown): unknown =>
  JSON.parse(readFileSync(new URL(`${name}.json`, import.meta.url), 'utf8'), reviver);

/** `{ data: base64 }` anywhere in a file becomes `{ data: Float32Array }`. */
export function loadGolden(name: 'small-none' | 'small-vector' | 'full-none'): Golden {
  return read(name, (key, value) =>
    key === 'data' && typeof value === 'string'
      ? new Float32Array(Uint8Array.from(Buffer.from(value, 'base64')).buffer)
      : value,
  ) as Golden;
}

export const loadGoldenLab = (): GoldenLab => read('lab') as GoldenLab;

/** Where a summary's sample number j lies in an array of n elements. */
export const sampleIndex = (j: number, n: number): number => (j * 2654435761) % n;

/** Deterministic values in [-1, 1). */
export function random(n: number, seed: number): Floats {
  let state = seed >>> 0;
  return Float32Array.from({ length: n }, () => {
    state = (state + 0x9e3779b9) >>> 0;
    let z = state;
    z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
    return ((z ^ (z >>> 15)) >>> 0) / 2 ** 31 - 1;
  });
}

/** `random` times a float32 factor; the product of two float32 is exact in a double, so this rounds once. */
function scaled(n: number, seed: number, factor: number): Floats {
  const single = Math.fround(factor);
  return random(n, seed).map((value) => value * single);
}

const size = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

/** Every parameter's first value, in the order of their numbers. */
export function goldenParameters(golden: Golden): Map<string, Tensor> {
  return new Map(
    Object.entries(golden.parameters).map(([name, { shape }], k) => {
      const limit = name.endsWith('.bias') ? 0.1 : Math.sqrt(6 / size(shape.slice(0, -1)));
      return [name, { shape, data: scaled(size(shape), 1000 + k, limit) }];
    }),
  );
}

/** Lightness [N, H, W, 1], target [N, H, W, 2], and where the case has them embedding [N, E] and mask [N, H, W]. */
export function goldenInputs(golden: Golden): { lightness: Floats; target: Floats; embedding?: Floats; mask?: Floats } {
  const pixels = golden.batch * golden.height * golden.width;
  return {
    lightness: random(pixels, golden.seed),
    target: scaled(pixels * 2, 3, 0.5),
    ...(golden.embedding > 0 && { embedding: random(golden.batch * golden.embedding, 2) }),
    ...(golden.masked && { mask: random(pixels, 4).map((value) => (value > -0.5 ? 1 : 0)) }),
  };
}
