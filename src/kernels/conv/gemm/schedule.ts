/**
 * Schedules of tiled products: how the next step's operands are fetched while this one is multiplied. The results are the
 * same to the bit; what a compiler makes of them is not (docs/isa.md).
 */
import fetch_late from '../../../../shaders/lib/conv/gemm/fetch_late.wgsl';
import fetch_select from '../../../../shaders/lib/conv/gemm/fetch_select.wgsl';
import products_of_1 from '../../../../shaders/lib/conv/gemm/products_of_1.wgsl';
import products_of_4 from '../../../../shaders/lib/conv/gemm/products_of_4.wgsl';
import turns_loop from '../../../../shaders/lib/conv/gemm/turns_loop.wgsl';
import turns_unrolled from '../../../../shaders/lib/conv/gemm/turns_unrolled.wgsl';
import type { DeviceTraits } from '../../core/emit.ts';

export const SCHEDULES = {
  plain: [fetch_select, turns_loop].join('\n'),
  late: [fetch_late, turns_loop].join('\n'),
  unrolled: [fetch_late, turns_unrolled].join('\n'),
} as const;

export type Schedule = keyof typeof SCHEDULES;

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
 * there is one; by what compilers make of them, nothing is measured. Software drivers gain nothing by any.
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

/** Input channels that `conv2d_gemm` multiplies a turn. */
export const PRODUCTS = { of_4: products_of_4, of_1: products_of_1 } as const;

export const productsFor = ({ software, vendor }: DeviceTraits, { sums }: Held): keyof typeof PRODUCTS =>
  !software && vendor === 'intel' && sums >= MANY_SUMS ? 'of_1' : 'of_4';
