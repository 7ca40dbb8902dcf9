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

export const SCHEDULES = {
  plain: [fetch_select, turns_loop].join('\n'),
  late: [fetch_late, turns_loop].join('\n'),
  unrolled: [fetch_late, turns_unrolled].join('\n'),
} as const;

export type Schedule = keyof typeof SCHEDULES;

/** Input channels that `conv2d_gemm` multiplies a turn. */
export const PRODUCTS = { of_4: products_of_4, of_1: products_of_1 } as const;
