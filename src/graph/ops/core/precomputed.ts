import { apply, defineOp, type Node } from '../../node.ts';

export interface PrecomputedAttrs {
  readonly root: Node;
}

/** The same value in every run: `root` is computed from constants once, when the graph is compiled. Made by a pass. */
export const precomputedOp = defineOp<PrecomputedAttrs>({
  name: 'precomputed',
  shape: (_, { root }) => root.shape,
  lower: () => undefined,
  gradient: 'fused',
});

export const precomputed = (root: Node) => apply(precomputedOp, [], { root });
