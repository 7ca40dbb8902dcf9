/** Entry to ONNX: whoever never calls it never loads the decoder. */
import type { Gpu } from '../runtime/gpu.ts';
import type { OnnxModel, OnnxOptions } from './load.ts';

export type { OnnxArray, OnnxModel, OnnxOptions } from './load.ts';

/**
 * Loads an ONNX model: decodes it and checks its operators. The weights are uploaded when it is first compiled.
 *
 * @param source the bytes, or in Node a path, or a URL
 * @throws FormatError for a damaged file, and for operators that cannot be imported: all of them at once.
 */
export async function loadOnnx(gpu: Gpu, source: Uint8Array | string | URL, options?: OnnxOptions): Promise<OnnxModel> {
  const lazy = await import('./load.ts');
  return lazy.loadOnnx(gpu, source, options);
}
