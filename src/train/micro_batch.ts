/** Size of the micro-batch: how many pictures fit through the network together. */
import type { Gpu } from '../runtime/gpu.ts';

/** Bytes of activations and gradients for each picture of 224 x 224, as planned for the network of full width: 39 MiB. */
const BYTES_PER_PICTURE = 40 * 2 ** 20;
/** Bytes a training step may take; software drivers share the machine's memory, and gain nothing from more. */
const BUDGET = { hardware: 8 * 2 ** 30, software: 2 * 2 ** 30 };
/** Channels of the largest activation, at half the picture's size. */
const LARGEST_CHANNELS = 128;

/**
 * The largest divisor of `batch` whose activations fit the device.
 *
 * @param widthDivisor what every channel count is divided by
 */
export function chooseMicroBatch(gpu: Gpu, batch: number, size: number, widthDivisor: number): number {
  const { maxStorageBufferBindingSize, maxBufferSize } = gpu.device.limits;
  const largest = ((size / 2) ** 2 * LARGEST_CHANNELS * 4) / widthDivisor;
  const each = (BYTES_PER_PICTURE * (size / 224) ** 2) / widthDivisor;
  const fits = (pictures: number) =>
    pictures * largest <= Math.min(maxStorageBufferBindingSize, maxBufferSize) &&
    pictures * each <= (gpu.software ? BUDGET.software : BUDGET.hardware);
  for (let pictures = batch; pictures > 1; pictures--) {
    if (batch % pictures === 0 && fits(pictures)) return pictures;
  }
  return 1;
}
