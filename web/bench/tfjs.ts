/** TensorFlow.js in a browser: chunks of their own, loaded when they are asked for, and not there where it was not installed. */
import type * as Tfjs from '@tensorflow/tfjs-core';
import { startTfjs, type TfjsRival } from '../../bench/rivals/tfjs.ts';
import { adapterName } from '../../src/runtime/adapter.ts';

/** Loads it. @returns why not, where it is not there, or would not run on the adapter called `wanted` */
export async function loadTfjs(wanted: string): Promise<TfjsRival | string> {
  let tf: typeof Tfjs;
  try {
    // The bundler leaves a package that it does not find as it is, and browsers don't know packages.
    tf = await import('@tensorflow/tfjs-core');
    await import('@tensorflow/tfjs-backend-webgpu');
    await import('@tensorflow/tfjs-core/dist/register_all_gradients.js');
  } catch (cause) {
    return (cause as Error).message;
  }
  const rival = await startTfjs(tf);
  const name = adapterName(rival.device.adapterInfo);
  return name === wanted ? rival : `its adapter is '${name}'`;
}
