/** Loads the rivals that are installed. */
import type { Rivals } from '../workload.ts';
import { loadOnnxRuntime } from './onnxruntime.ts';
import { loadTfjs } from './tfjs.ts';

export async function loadRivals(adapter: string): Promise<Partial<Rivals>> {
  const tfjs = await loadTfjs(adapter);
  const onnxruntime = await loadOnnxRuntime();
  return { ...(tfjs && { tfjs }), ...(onnxruntime && { onnxruntime }) };
}
