/** Classes of color, what a network can answer with: see `BINS`. */
import { BINS, BINS_PER_UNIT } from '../../../kernels/loss/chroma_bins.ts';
import { ShapeError } from '../../../runtime/errors.ts';
import { describe, type Shape } from '../../node.ts';
import { expectNhwc } from '../core/check.ts';

export { BINS, BINS_PER_UNIT };

/** [N, H, W] of logits [N, H, W, BINS²]. @throws ShapeError for others */
export function expectLogits(op: string, logits: Shape): readonly [number, number, number] {
  const [n, h, width, channels] = expectNhwc(op, 'the logits', logits);
  if (channels !== BINS ** 2)
    throw new ShapeError({ where: op, expected: `${BINS ** 2} classes`, got: describe(logits) });
  return [n, h, width];
}
