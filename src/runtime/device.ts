/** Request for a device: its adapter, that adapter's limits, and the features that are used. And WebGPU's flags. */
import { adapterName, isSoftware, MATRIX_FEATURE, type PlatformAdapter, type Precision } from './adapter.ts';
import { DeviceError } from './errors.ts';

/** `GPUBufferUsage`, which Node has not; those that are used. */
export const BufferUsage = {
  MAP_READ: 0x0001,
  COPY_SRC: 0x0004,
  COPY_DST: 0x0008,
  UNIFORM: 0x0040,
  STORAGE: 0x0080,
  QUERY_RESOLVE: 0x0200,
} as const;
/** `GPUMapMode.READ` */
export const MAP_MODE_READ = 0x0001;
/** `GPUShaderStage.COMPUTE` */
export const SHADER_STAGE_COMPUTE = 0x4;

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
const SIZE_CONTROL = 'subgroup-size-control' as GPUFeatureName;

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
    throw new DeviceError({
      where: adapterName(adapter.info),
      expected: 'shader-f16 for precision f16',
      got: 'an adapter without it',
      hint: 'use precision f32, or choose another adapter',
    });
  }
  const wanted = precision === 'f16' ? [...FEATURES, MATRIX_FEATURE] : FEATURES;
  const requiredFeatures = wanted.filter((feature) => adapter.features.has(feature));
  try {
    return { device: await adapter.requestDevice({ requiredLimits, requiredFeatures }), platform };
  } catch (cause) {
    throw new DeviceError(
      {
        where: adapterName(adapter.info),
        expected: 'a device',
        got: `'${(cause as Error).message}'`,
        hint: 'update its driver, or choose another adapter',
      },
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
    throw new DeviceError({
      where: 'WebGPU',
      expected: 'an adapter',
      got: 'none from this browser',
      hint: 'use a current Chrome, Edge, Firefox or Safari, with hardware acceleration on',
    });
  }
  return { adapter, source: 'browser', software: isSoftware(adapter.info), implementation: navigator.userAgent };
}

/** The lanes of subgroups where their number never varies, else 0. */
export function subgroupSize(adapter: GPUAdapter): number {
  const { subgroupMinSize, subgroupMaxSize } = adapter.info;
  return adapter.features.has('subgroups') && subgroupMinSize === subgroupMaxSize ? subgroupMinSize : 0;
}

/** The least and the most lanes of subgroups, where kernels may choose; else undefined. */
export function subgroupSizes({ features }: GPUDevice, { info }: GPUAdapter): readonly [number, number] | undefined {
  const { subgroupMinSize: least, subgroupMaxSize: most } = info;
  return features.has(SIZE_CONTROL) && least < most ? [least, most] : undefined;
}
