/** Convolutions as tasks: what is to be computed, and the name by which the tuner remembers it. */
import type { ConvGeometry, ConvOptions } from './geometry.ts';

/** A convolution or one of its gradients. */
export type Direction = 'forward' | 'inputGrad' | 'weightGrad';
/** The same of nearest x2 with a 3x3 convolution behind it; the input of its geometry is the small picture. */
export type UpsampleDirection = `upsample ${Direction}`;
export type AnyDirection = Direction | UpsampleDirection;

/** One convolution: the gradients have no options. */
export interface Convolution<D extends AnyDirection = Direction> {
  readonly direction: D;
  readonly geometry: ConvGeometry;
  readonly options: ConvOptions;
}

/** A convolution with all that changes how long it takes. */
export interface ConvTask<D extends AnyDirection = AnyDirection> extends Convolution<D> {
  readonly bias: boolean;
  readonly residual: boolean;
}

/** Names a task: the same for two that are the same work, and readable. */
export function keyOf({ direction, geometry: g, options, bias, residual }: ConvTask): string {
  const { activation, biasPerImage, inView, outView, ...others } = options;
  // An option that is missing here does not compile.
  const none: Record<string, never> = others;
  const parts = [
    direction,
    [g.batch, g.inHeight, g.inWidth, g.inChannels].join('x'),
    `to ${[g.outHeight, g.outWidth, g.outChannels].join('x')}`,
    `kernel ${g.kernelHeight}x${g.kernelWidth}`,
    `stride ${g.strideY}x${g.strideX}`,
    `pad ${g.padTop},${g.padLeft}`,
    ...(activation === 'none' ? [] : [activation]),
    ...(bias ? [biasPerImage ? 'bias each image' : 'bias'] : []),
    ...(residual ? ['residual'] : []),
    ...(inView ? [`from channel ${inView.first} of ${inView.stride}`] : []),
    ...(outView ? [`into channel ${outView.first} of ${outView.stride}`] : []),
    ...Object.keys(none),
  ];
  return parts.join(' ');
}
