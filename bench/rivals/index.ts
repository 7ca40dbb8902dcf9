/** Loads the rivals that are installed. */
import type { Gpu } from '../../src/runtime/gpu.ts';
import type { RivalName, Rivals } from '../workload.ts';
import { loadOnnxRuntime } from './onnxruntime.ts';
import { loadTfjs } from './tfjs_node.ts';

export interface Loaded {
  readonly rivals: Partial<Rivals>;
  /** Why the others are left out. */
  readonly absent: { readonly [Name in RivalName]?: string };
}

/** Loads all rivals that run on the adapter of `gpu`, which was opened with `choice`. */
export async function loadRivals(choice: string, { name }: Pick<Gpu, 'name'>): Promise<Loaded> {
  const rivals: { -readonly [Name in RivalName]?: Rivals[Name] } = {};
  const absent: { [Name in RivalName]?: string } = {};
  const tfjs = await loadTfjs(choice, name);
  if (typeof tfjs === 'string') absent.tfjs = tfjs;
  else rivals.tfjs = tfjs;
  const onnxruntime = await loadOnnxRuntime(name);
  if (typeof onnxruntime === 'string') absent.onnxruntime = onnxruntime;
  else rivals.onnxruntime = onnxruntime;
  return { rivals, absent };
}
