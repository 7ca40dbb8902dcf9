/** Adapters, as platforms hand them over, and their names. */

/**
 * Where an adapter comes from: a GPU, a software driver that is installed on the system (Mesa), the software driver
 * inside an npm package (SwiftShader), or the browser, which does not say.
 */
export type AdapterSource = 'hardware' | 'installed software' | 'bundled software' | 'browser';

/** What the operands of products are rounded to: `f32` is exact, `f16` is faster where a device has it. */
export type Precision = 'f32' | 'f16';

/** An adapter, and what WebGPU does not tell of it. */
export interface PlatformAdapter {
  readonly adapter: GPUAdapter;
  readonly source: AdapterSource;
  readonly software: boolean;
  /** Bytes its buffers can have together, where that is known: software drivers hand out more than there is. */
  readonly memoryBytes?: number;
  /** The implementation of WebGPU with its version and flags, where they are known. */
  readonly implementation?: string;
  /** Awaits what the device is to finish, where there is a better way than `await`. */
  readonly wait?: <T>(work: Promise<T>) => Promise<T>;
}

/** True for adapters that run on the CPU. */
export function isSoftware(info: GPUAdapterInfo): boolean {
  return info.isFallbackAdapter === true || /swiftshader|llvmpipe|lavapipe|warp/i.test(adapterName(info));
}

/** The feature for matrix units, and what an adapter that has it tells of them; neither is in WebGPU's own types yet. */
export const MATRIX_FEATURE = 'chromium-experimental-subgroup-matrix' as GPUFeatureName;
interface MatrixConfig {
  readonly componentType: string;
  readonly resultComponentType: string;
  readonly M: number;
  readonly N: number;
  readonly K: number;
}

/** The shapes `MxNxK` of an adapter's matrix units that multiply float16 and add up float32. */
export function matrixUnitsOf({ features, info }: GPUAdapter): string[] {
  if (!features.has(MATRIX_FEATURE)) return [];
  const { subgroupMatrixConfigs: all = [] } = info as { readonly subgroupMatrixConfigs?: Iterable<MatrixConfig> };
  const usable = [...all].filter((each) => each.componentType === 'f16' && each.resultComponentType === 'f32');
  return usable.map(({ M, N, K }) => `${M}x${N}x${K}`);
}

/** Vendor, architecture and description in one line. */
export function adapterName(info: GPUAdapterInfo): string {
  return [...new Set([info.vendor, info.architecture, info.device, info.description].filter(Boolean))].join(' ');
}
