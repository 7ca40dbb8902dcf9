/**
 * Schedules of tiled products: how the next step's operands are fetched while this one is multiplied. The results are the
 * same to the bit; what a compiler makes of them is not (docs/isa.md).
 */
import fetch_late from '../../../../shaders/lib/conv/gemm/fetch_late.wgsl';
import fetch_select from '../../../../shaders/lib/conv/gemm/fetch_select.wgsl';
import products_of_4 from '../../../../shaders/lib/conv/gemm/products_of_4.wgsl';
import products_turned from '../../../../shaders/lib/conv/gemm/products_turned.wgsl';
import turns_loop from '../../../../shaders/lib/conv/gemm/turns_loop.wgsl';
import turns_unrolled from '../../../../shaders/lib/conv/gemm/turns_unrolled.wgsl';

export const SCHEDULES = {
  plain: [fetch_select, turns_loop].join('\n'),
  late: [fetch_late, turns_loop].join('\n'),
  unrolled: [fetch_late, turns_unrolled].join('\n'),
} as const;

export type Schedule = keyof typeof SCHEDULES;

/** How x lies in workgroup memory in `conv2d_gemm`: by pixels, multiplied 4 channels a turn, or by channels, one a turn. */
export const PRODUCTS = { of_4: products_of_4, turned: products_turned } as const;
