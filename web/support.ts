/** Support of WebGPU by this browser for this page, and why there is none. */

/** An adapter; or a sentence that says why there is none. */
export async function adapterOrReason(): Promise<GPUAdapter | string> {
  const adapter = await navigator.gpu?.requestAdapter({ powerPreference: 'high-performance' });
  if (adapter) return adapter;
  if (!isSecureContext) return 'WebGPU is there for pages from https:// or http://localhost only.';
  const what = navigator.gpu ? 'This browser has WebGPU, but no adapter for it here' : 'This browser has no WebGPU';
  return `${what}: use a current Chrome, Edge, Firefox or Safari, with hardware acceleration on.`;
}
