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
/** Sums beside which Intel's GPUs have no registers for the weights of 4 channels, and NVIDIA's compiler no use for a loop. */
const MANY_SUMS = 64;

/**
 * A device's schedule: one in which its vendor's compiler waits for no load before the multiplication, without spills where
 * there is one. Software drivers gain nothing by any.
 */
export function scheduleFor({ software, vendor }: DeviceTraits, { sums, loads }: Held): Schedule {
  if (software) return 'plain';
  if (vendor === 'amd') return 'unrolled';
  if (vendor === 'nvidia') return sums >= MANY_SUMS ? 'unrolled' : 'plain';
  if (vendor === 'intel') return sums + 4 * loads <= ROOM ? 'late' : 'plain';
  return 'plain';
}

/** Another one for the tuner to try: a vendor has several compilers, and that is about one of them. */
export type Alternative = 'plain' | 'unrolled';

export const alternativeFor = (traits: DeviceTraits, held: Held): Alternative =>
  scheduleFor(traits, held) === 'unrolled' ? 'plain' : 'unrolled';

export const productsFor = ({ software, vendor }: DeviceTraits, { sums }: Held): keyof typeof PRODUCTS =>
  !software && vendor === 'intel' && sums >= MANY_SUMS ? 'of_1' : 'of_4';
