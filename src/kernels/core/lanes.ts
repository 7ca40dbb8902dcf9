/**
 * Size of the subgroups that a kernel runs with, where a device leaves that to its kernels (WebGPU's
 * `subgroup-size-control`). All that decides it is here.
 */
import type { KernelSpec } from './define.ts';
import type { DeviceTraits } from './emit.ts';

/**
 * Vendors whose subgroups have a fixed number of registers, which their lanes share: with twice the lanes each has half. On
 * other GPUs a lane's registers do not depend on how many there are, and the driver's own choice is as good.
 */
const SHARED_REGISTERS: readonly string[] = ['intel'];

/** What a device says of its subgroups. */
export interface Subgroups {
  readonly subgroupSize: number;
  readonly subgroupSizes?: readonly [least: number, most: number] | undefined;
}

/** Whether a kernel that is written for subgroups of `lanes` runs on a device. */
export function canHave({ subgroupSize, subgroupSizes }: Subgroups, lanes: number): boolean {
  if (!subgroupSizes) return subgroupSize === lanes;
  const [least, most] = subgroupSizes;
  return lanes >= least && lanes <= most;
}

/** The size to ask for; undefined: whatever the driver takes. */
export function lanesFor(
  { vendor = '', subgroupSizes }: Pick<DeviceTraits, 'vendor' | 'subgroupSizes'>,
  { lanes }: Pick<KernelSpec, 'lanes'>,
): number | undefined {
  if (!subgroupSizes || lanes === undefined) return undefined;
  const [least, most] = subgroupSizes;
  if (lanes === 'fewest') return SHARED_REGISTERS.includes(vendor) ? least : undefined;
  return lanes >= least && lanes <= most ? lanes : undefined;
}
