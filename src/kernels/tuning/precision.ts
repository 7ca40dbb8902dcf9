/** Precision that a device may compute with. */
import type { Gpu } from '../../runtime/gpu.ts';

const settled = new WeakMap<Gpu, Promise<void>>();

/**
 * Lets `gpu` use the precision it was opened with: at once for float32, after the self-test for float16. Where that
 * fails, float32 stays, and `gpu.onWarning` is told why.
 *
 * @throws DeviceError when the device is lost.
 */
export function resolvePrecision(gpu: Gpu): Promise<void> {
  const known = settled.get(gpu) ?? (gpu.precision === 'f16' ? prove(gpu) : Promise.resolve());
  settled.set(gpu, known);
  return known;
}

/** Loaded on demand: float32 needs no proof. */
async function prove(gpu: Gpu): Promise<void> {
  const selfTest = await import('./self_test.ts');
  return selfTest.prove(gpu);
}
