/** Two nodes with the same op, inputs and attributes become one. */
import type { Node } from '../node.ts';
import { apply, attrsKey } from '../node.ts';
import { type Pass, rewrite } from '../rewrite.ts';

export const shareCommon: Pass = (outputs) => {
  const known = new Map<string, Node>();
  return rewrite(outputs, (node, inputs) => {
    if (inputs.length === 0) return node;
    const key = [node.op.name, inputs.map((input) => input.id).join(), attrsKey(node.attrs)].join(' ');
    const shared = known.get(key) ?? apply(node.op, inputs, node.attrs);
    known.set(key, shared);
    return shared;
  });
};
