/** Choice of a schedule for tiled products: by what the vendors' compilers make of it, nothing is measured (docs/isa.md). */
import type { DeviceTraits } from '../../core/emit.ts';
import type { PRODUCTS, Schedule } from './schedule.ts';

/** What a thread holds in registers: float32 sums, and vec4s that it has fetched for the next step. */
export interface Held {
  readonly sums: number;
  readonly loads: number;
}

/** Registers for sums and fetched operands beyond which Intel's GPUs, with 128 a lane, spill. */
const ROOM = 72;
/** Loads of a step beyond which Intel's compiler spills at the end of a kernel, or moves the loads down to their use. */
const FEW_LOADS = 3;
/** Sums of the largest tiles of a thread: NVIDIA's compiler has no use for a loop then, and x is better held by channels. */
const MANY_SUMS = 64;

/**
 * A device's schedule: one in which its vendor's compiler waits for no load before the multiplication, without spills where
 * there is one. Software drivers gain nothing by any.
 */
export function scheduleFor({ software, vendor }: DeviceTraits, { sums, loads }: Held): Schedule {
  if (software) return 'plain';
  if (vendor === 'amd') return 'unrolled';
  if (vendor === 'nvidia') return sums >= MANY_SUMS ? 'unrolled' : 'plain';
  if (vendor === 'intel') return loads <= FEW_LOADS && sums + 4 * loads <= ROOM ? 'late' : 'plain';
  return 'plain';
}

/** Another one for the tuner to try: a vendor has several compilers, and that is about one of them. */
export function alternativeFor(traits: DeviceTraits, held: Held): Schedule {
  const chosen = scheduleFor(traits, held);
  if (traits.vendor === 'intel') return chosen === 'late' ? 'plain' : 'late';
  return chosen === 'unrolled' ? 'plain' : 'unrolled';
}

/** Where registers are what limits a thread with many sums: on Intel's GPUs it would spill, on AMD's fewer would fit. */
export const productsFor = ({ software, vendor = '' }: DeviceTraits, { sums }: Held): keyof typeof PRODUCTS =>
  !software && ['amd', 'intel'].includes(vendor) && sums >= MANY_SUMS ? 'turned' : 'of_4';
