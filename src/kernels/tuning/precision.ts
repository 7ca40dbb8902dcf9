/** Precision that a device may compute with. */
import type { Gpu } from '../../runtime/gpu.ts';
import { onceFor } from '../../util/once_for.ts';

/**
 * Lets `gpu` use the precision it was opened with: at once for float32, after the self-test for float16. Where that
 * fails, float32 stays, and `gpu.onWarning` is told why.
 *
 * @throws DeviceError when the device is lost.
 */
export const resolvePrecision: (gpu: Gpu) => Promise<void> = onceFor((gpu: Gpu) =>
  gpu.precision === 'f16' ? prove(gpu) : Promise.resolve(),
);

/** Loaded on demand: float32 needs no proof. */
async function prove(gpu: Gpu): Promise<void> {
  const selfTest = await import('./self_test.ts');
  return selfTest.prove(gpu);
}
