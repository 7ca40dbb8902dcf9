import { apply, defineOp, type Node } from '../../node.ts';

export interface FoldedAttrs {
  readonly root: Node;
}

/** The same value in every run: `root` is computed from constants once, when the graph is compiled. Made by a pass. */
export const foldedOp = defineOp<FoldedAttrs>({
  name: 'folded',
  shape: (_, { root }) => root.shape,
  lower: () => undefined,
  gradient: 'fused',
});

export const folded = (root: Node) => apply(foldedOp, [], { root });
