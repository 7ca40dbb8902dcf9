/** What platforms hand over, and how an adapter is named. */

/**
 * Where an adapter comes from: a GPU, a software driver that is installed on the system (Mesa), the software driver
 * inside an npm package (SwiftShader), or the browser, which does not say.
 */
export type AdapterSource = 'hardware' | 'installed software' | 'bundled software' | 'browser';

/** An adapter, and what WebGPU does not tell of it. */
export interface PlatformAdapter {
  readonly adapter: GPUAdapter;
  readonly source: AdapterSource;
  readonly software: boolean;
  /** Bytes its buffers can have together, where that is known: software drivers hand out more than there is. */
  readonly memoryBytes?: number;
  /** The implementation of WebGPU with its version and flags, where they are known. */
  readonly implementation?: string;
}

/** True for adapters that run on the CPU. */
export function isSoftware(info: GPUAdapterInfo): boolean {
  return info.isFallbackAdapter === true || /swiftshader|llvmpipe|lavapipe|warp/i.test(adapterName(info));
}

/** Vendor, architecture and description in one line. */
export function adapterName(info: GPUAdapterInfo): string {
  return [...new Set([info.vendor, info.architecture, info.device, info.description].filter(Boolean))].join(' ');
}
