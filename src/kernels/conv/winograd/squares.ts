/** Ways in which the transforms of Winograd's algorithm keep what they have transformed along one axis, and which a device gets. */
import channels_2 from '../../../../shaders/lib/conv/winograd/channels_2.wgsl';
import channels_4 from '../../../../shaders/lib/conv/winograd/channels_4.wgsl';
import square_plain from '../../../../shaders/lib/conv/winograd/square_plain.wgsl';
import square_queue from '../../../../shaders/lib/conv/winograd/square_queue.wgsl';
import type { DeviceTraits } from '../../core/emit.ts';

/** Of inputs, outputs and their gradients. */
export const SQUARES = {
  queue: [square_queue, channels_4].join('\n'),
  plain: [square_plain, channels_4].join('\n'),
  narrow: [square_plain, channels_2].join('\n'),
} as const;

/** Of weights and their gradient, which are smaller: always 4 channels a thread. */
export const WEIGHT_SQUARES = { queue: SQUARES.queue, plain: SQUARES.plain } as const;

export type Square = keyof typeof SQUARES;

/** Threads that share 4 channels, in SQUARES. */
export const PARTS = { queue: 1, plain: 1, narrow: 2 } as const satisfies Record<Square, number>;

/** Registers for a square beyond which Intel's GPUs, with 128 a lane, spill: compiled, not measured. */
const ROOM = 96;

/**
 * A queue for software drivers, which compile it in no time, and plain arrays for GPUs; of 2 channels where a square of 4 does
 * not fit.
 *
 * @param elements that a thread holds between the two transforms, of all its channels
 */
export function squareFor({ software, vendor }: DeviceTraits, elements: number): Square {
  if (software) return 'queue';
  return vendor === 'intel' && 4 * elements > ROOM ? 'narrow' : 'plain';
}

export const weightSquareFor = ({ software }: DeviceTraits): keyof typeof WEIGHT_SQUARES =>
  software ? 'queue' : 'plain';
