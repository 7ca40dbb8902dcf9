/**
 * Lowering of nodes to dispatches on arrays that are only planned, and which of these share memory. Needs no device.
 */
import { type DeviceTraits, emitInto, type KernelCall } from '../kernels/core/emit.ts';
import type { Node } from './node.ts';
import { lowerBound, planMemory } from './plan.ts';

/** An array while it is only planned: `place` says where it lies, or it is free to share memory. */
export interface Value<Place> {
  readonly elements: number;
  readonly label: string;
  storage: Place | undefined;
}

/** A dispatch, and the node that it computes or helps to compute. */
export interface LoweredCall<Place> extends KernelCall<Value<Place>> {
  readonly node: Node;
}

/** What arrays without a place of their own take, in bytes. */
export interface SharedMemory {
  readonly arrays: number;
  readonly arrayBytes: number;
  /** The buffers that they share. */
  readonly buffers: readonly number[];
  /** What no plan could do without: the arrays that live at the same time. */
  readonly leastBytes: number;
}

/** The dispatches of `nodes` (inputs first), on the arrays `values` and on scratch ones. */
export function lower<Place>(
  nodes: readonly Node[],
  values: ReadonlyMap<Node, Value<Place>>,
  traits: DeviceTraits,
): LoweredCall<Place>[] {
  const scratch = (elements: number) => ({ elements, label: 'scratch', storage: undefined });
  return nodes.flatMap((node) => {
    const calls: KernelCall<Value<Place>>[] = [];
    node.op.lower(
      emitInto<Value<Place>>(calls, traits, scratch),
      {
        inputs: node.inputs.map((input) => values.get(input)!),
        shapes: node.inputs.map(({ shape }) => shape),
        output: values.get(node)!,
        shape: node.shape,
      },
      node.attrs,
    );
    return calls.map((call) => ({ ...call, node }));
  });
}

/** Gives every array without a place a buffer made by `own`, shared with others that do not live at the same time. */
export function assignSharedBuffers<Place>(
  calls: readonly KernelCall<Value<Place>>[],
  own: (label: string, elements: number) => Place,
): SharedMemory {
  const lives = new Map<Value<Place>, { elements: number; first: number; last: number }>();
  calls.forEach(({ buffers }, at) => {
    for (const value of Object.values(buffers)) {
      if (value.storage) continue;
      const life = lives.get(value);
      if (life) life.last = at;
      else lives.set(value, { elements: value.elements, first: at, last: at });
    }
  });
  const lifetimes = [...lives.values()];
  const plan = planMemory(lifetimes);
  const buffers = plan.buffers.map((elements, i) => own(`shared ${i}`, elements));
  [...lives.keys()].forEach((value, i) => {
    value.storage = buffers[plan.assignment[i]!]!;
  });
  return {
    arrays: lifetimes.length,
    arrayBytes: lifetimes.reduce((sum, { elements }) => sum + elements * 4, 0),
    buffers: plan.buffers.map((elements) => elements * 4),
    leastBytes: lowerBound(lifetimes) * 4,
  };
}
