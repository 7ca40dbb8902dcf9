import { chromaWeight as chromaWeightKernel } from '../../../kernels/loss/chroma_weight.ts';
import { ShapeError } from '../../../runtime/errors.ts';
import { apply, defineOp, describe, type Node, sizeOf } from '../../node.ts';
import { expectNhwc } from '../core/check.ts';

export interface ChromaWeightAttrs {
  /** Bins of the table for each unit of chroma. */
  readonly scale: number;
}

/**
 * y = table[bin of a, bin of b] for each pixel: what its true color weighs in the loss.
 * chroma [N, H, W, 2]   table [S, S], S odd, its middle grey   y [N, H, W, 1]
 */
export const chromaWeightOp = defineOp<ChromaWeightAttrs>({
  name: 'chroma_weight',
  shape: ([chroma, table]) => {
    const [n, height, width, channels] = expectNhwc('chroma_weight', 'the chroma', chroma!);
    const [side] = table!;
    if (channels !== 2 || table!.length !== 2 || side !== table![1] || side! % 2 === 0) {
      throw new ShapeError({
        where: 'chroma_weight',
        expected: '2 channels and a square table with an odd side',
        got: `${describe(chroma!)} and ${describe(table!)}`,
      });
    }
    return [n, height, width, 1];
  },
  lower: (emit, { inputs: [chroma, table], shapes, output, shape }, { scale }) =>
    emit.call(
      chromaWeightKernel,
      { chroma: chroma!, table: table!, y: output },
      { count: sizeOf(shape), side: shapes[1]![0]!, scale },
    ),
  gradient: 'data',
});

export const chromaWeight = (chroma: Node, table: Node, attrs: ChromaWeightAttrs) =>
  apply(chromaWeightOp, [chroma, table], attrs);
