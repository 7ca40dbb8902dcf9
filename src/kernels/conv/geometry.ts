/**
 * The sizes of a convolution, and what is asked of it beside the sum of products.
 *
 * N batch, H height, W width, C channels. Activations are NHWC, weights HWIO `[kernelHeight, kernelWidth, inChannels,
 * outChannels]`.
 */
/** The sizes of a convolution. The padding below and to the right follows from the output's size. */
export interface ConvGeometry {
  readonly batch: number;
  readonly inHeight: number;
  readonly inWidth: number;
  readonly inChannels: number;
  readonly outHeight: number;
  readonly outWidth: number;
  readonly outChannels: number;
  readonly kernelHeight: number;
  readonly kernelWidth: number;
  readonly strideY: number;
  readonly strideX: number;
  readonly padTop: number;
  readonly padLeft: number;
}

export type ConvActivation = 'none' | 'relu' | 'relu6' | 'hard_swish' | 'tanh';

/** A range of the channels of something wider: pixels are `stride` channels apart, the range begins at `first`. */
export interface ConvView {
  readonly stride: number;
  readonly first: number;
}

export interface ConvOptions {
  readonly activation: ConvActivation;
  /** The bias is `[batch, outChannels]` instead of `[outChannels]`. */
  readonly biasPerImage?: boolean;
  /** `x` is a range of channels; all of stride, first and inChannels are multiples of 4. */
  readonly inView?: ConvView;
  /** `y` is written into a range of channels. */
  readonly outView?: ConvView | undefined;
}

export const taps = (g: ConvGeometry): number => g.kernelHeight * g.kernelWidth;
export const pixelsIn = (g: ConvGeometry): number => g.batch * g.inHeight * g.inWidth;
export const pixelsOut = (g: ConvGeometry): number => g.batch * g.outHeight * g.outWidth;
export const wholeVectors = (channels: number): number => Math.ceil(channels / 4) * 4;
