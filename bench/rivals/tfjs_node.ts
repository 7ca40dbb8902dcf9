/** TensorFlow.js in Node. Its packages are for development only, so they are loaded when it is asked for. */
import { createRequire } from 'node:module';
import type * as Tfjs from '@tensorflow/tfjs-core';
import { adapterName } from '../../src/runtime/adapter.ts';
import { requestNodeAdapter } from '../../src/runtime/node/adapters.ts';
import { startTfjs, type TfjsRival } from './tfjs.ts';

/**
 * Loads it on the adapter of `choice`, with the flags for Dawn that our own arm has.
 *
 * @returns why not, where it is not installed, or would not run on the adapter called `wanted`
 */
export async function loadTfjs(choice: string, wanted: string): Promise<TfjsRival | string> {
  const { adapter, wait } = await requestNodeAdapter(choice);
  if (adapterName(adapter.info) !== wanted) return `its adapter is '${adapterName(adapter.info)}'`;
  const gpu = { requestAdapter: () => Promise.resolve(adapter) };
  Object.defineProperty(globalThis, 'navigator', { value: { gpu, userAgent: 'node' }, configurable: true });
  // It takes WebGPU's flags from there.
  Object.assign(globalThis, (await import('webgpu')).globals);
  let tf: typeof Tfjs;
  try {
    tf = await import('@tensorflow/tfjs-core');
    await import('@tensorflow/tfjs-backend-webgpu');
    await registerGradients();
  } catch (cause) {
    if (/MODULE_NOT_FOUND/.test((cause as NodeJS.ErrnoException).code ?? '')) return 'not installed';
    throw cause;
  }
  return startTfjs(tf, wait);
}

/**
 * The package has all gradients in one file that Node cannot load (ES modules without file endings), so it is bundled.
 * The registry of gradients is a global one, shared with the copy of tfjs-core that is loaded already.
 */
async function registerGradients(): Promise<void> {
  const entry = createRequire(import.meta.url).resolve('@tensorflow/tfjs-core/dist/register_all_gradients.js');
  const { build } = await import('esbuild');
  const options = { bundle: true, write: false, format: 'esm', platform: 'node' } as const;
  const { outputFiles } = await build({ ...options, entryPoints: [entry] });
  await import(`data:text/javascript;base64,${Buffer.from(outputFiles[0]!.contents).toString('base64')}`);
}
