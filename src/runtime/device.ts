/** Request for a device: its adapter, that adapter's limits, and the features that are used. */
import { adapterName, isSoftware, MATRIX_FEATURE, type PlatformAdapter, type Precision } from './adapter.ts';
import { DeviceError } from './errors.ts';

/** Limits a device is opened with, as high as its adapter has them. */
export const LIMITS = [
  'maxBufferSize',
  'maxStorageBufferBindingSize',
  'maxStorageBuffersPerShaderStage',
  'maxComputeWorkgroupStorageSize',
  'maxComputeInvocationsPerWorkgroup',
  'maxComputeWorkgroupSizeX',
  'maxComputeWorkgroupSizeY',
  'maxComputeWorkgroupSizeZ',
  'maxComputeWorkgroupsPerDimension',
] as const satisfies (keyof GPUSupportedLimits)[];

/** The feature by which a kernel may name the size of its subgroups: in Chrome since 151. */
export const SIZE_CONTROL = 'subgroup-size-control' as GPUFeatureName;

/** Features a device is opened with, where its adapter has them. */
export const FEATURES: readonly GPUFeatureName[] = ['subgroups', SIZE_CONTROL, 'timestamp-query', 'shader-f16'];

/**
 * Opens a device with every limit the adapter has.
 *
 * @throws DeviceError when there is none, or it has no float16 where that is asked for.
 */
export async function requestDevice(
  choice: string,
  precision: Precision,
): Promise<{ readonly device: GPUDevice; readonly platform: PlatformAdapter }> {
  const platform = await requestAdapter(choice, precision);
  const { adapter } = platform;
  const requiredLimits: Record<string, number> = {};
  for (const limit of LIMITS) requiredLimits[limit] = adapter.limits[limit];
  if (precision === 'f16' && !adapter.features.has('shader-f16')) {
    throw new DeviceError(
      `${adapterName(adapter.info)}: expected shader-f16 for precision f16, got an adapter without it – use precision f32, or choose another adapter`,
    );
  }
  const wanted = precision === 'f16' ? [...FEATURES, MATRIX_FEATURE] : FEATURES;
  const requiredFeatures = wanted.filter((feature) => adapter.features.has(feature));
  try {
    return { device: await adapter.requestDevice({ requiredLimits, requiredFeatures }), platform };
  } catch (cause) {
    throw new DeviceError(
      `${adapterName(adapter.info)}: expected a device, got '${(cause as Error).message}' – update its driver, or choose another adapter`,
      { cause },
    );
  }
}

async function requestAdapter(choice: string, precision: Precision): Promise<PlatformAdapter> {
  if (typeof process !== 'undefined' && process.versions?.node) {
    const { requestNodeAdapter } = await import('./node/adapters.ts');
    return requestNodeAdapter(choice, precision);
  }
  const adapter = await navigator.gpu?.requestAdapter({
    powerPreference: 'high-performance',
    forceFallbackAdapter: choice === 'software',
  });
  if (!adapter || (choice === 'hardware' && isSoftware(adapter.info))) {
    throw new DeviceError(
      'WebGPU: expected an adapter, got none from this browser – use a current Chrome, Edge, Firefox or Safari, with hardware acceleration on',
    );
  }
  return { adapter, source: 'browser', software: isSoftware(adapter.info), implementation: navigator.userAgent };
}
