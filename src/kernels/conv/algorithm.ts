/** Interface of an algorithm for a convolution or one of its gradients, and its candidates. */
import type { DeviceTraits, Emit } from '../core/emit.ts';
import { type ConvGeometry, pixelsOut, taps } from './geometry.ts';
import type { AnyDirection, Convolution, Direction } from './task.ts';

/** The buffers of each direction. `residual` is of y's shape; what upsamples has none. */
export type ConvBuffers<T> = PlainBuffers<T> & { readonly [D in Direction as `upsample ${D}`]: PlainBuffers<T>[D] };

interface PlainBuffers<T> {
  readonly forward: { readonly x: T; readonly w: T; readonly bias?: T; readonly residual?: T; readonly y: T };
  readonly inputGrad: { readonly dy: T; readonly w: T; readonly dx: T };
  readonly weightGrad: { readonly x: T; readonly dy: T; readonly dw: T };
}

export interface Algorithm<D extends AnyDirection> {
  /** Unique among the algorithms of a direction; the tuner remembers it. */
  readonly name: string;
  /** Whether it can compute this at all on such a device. */
  fits(traits: DeviceTraits, convolution: Convolution<D>): boolean;
  /** How long it takes, in multiply-adds of the direct algorithm that would take as long. The least is chosen. */
  cost(traits: DeviceTraits, convolution: Convolution<D>): number;
  emit<T>(emit: Emit<T>, buffers: ConvBuffers<T>[D], convolution: Convolution<D>): void;
}

/** Multiply-adds of the direct algorithm; all three directions have as many. */
export function multiplyAdds(g: ConvGeometry): number {
  return pixelsOut(g) * taps(g) * g.inChannels * g.outChannels;
}

/** The candidates of each direction. */
export type Algorithms<All extends AnyDirection = Direction> = { readonly [D in All]: readonly Algorithm<D>[] };
