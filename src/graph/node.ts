/**
 * The graph: nodes that say what is computed, from what. Nothing here is on the device.
 * One graph serves everything: a network, its loss, their gradients, an imported model.
 */
import type { Emit } from '../kernels/core/emit.ts';
import { ShapeError } from '../runtime/errors.ts';

/** Extents of an array, outermost first; images are [N, H, W, C]. */
export type Shape = readonly number[];

/** One computed (or given) array of 32-bit elements. `A` are the attributes of its op; see `isOp`. */
export interface Node<A = unknown> {
  readonly op: Op<A>;
  readonly inputs: readonly Node[];
  readonly attrs: A;
  readonly shape: Shape;
  /** Nodes are numbered as they are made, so ascending ids are a topological order. */
  readonly id: number;
}

/** Buffers and shapes of one node while it is lowered. `T` is what stands for a buffer. */
export interface Io<T> {
  readonly inputs: readonly T[];
  readonly shapes: readonly Shape[];
  readonly output: T;
  readonly shape: Shape;
  /** Set where the output is a range of the channels of something wider; only for ops that are `strided`. */
  readonly view?: ChannelView;
}

/** A range of channels: pixels are `stride` channels apart, and the range begins at channel `first`. */
export interface ChannelView {
  readonly stride: number;
  readonly first: number;
}

/** What a gradient rule sees: the node and the gradient `dy` of its output. */
export interface GradientContext<A> {
  readonly inputs: readonly Node[];
  readonly output: Node;
  readonly dy: Node;
  readonly attrs: A;
}

/**
 * A differentiable operation: its output shape, how it becomes kernels, and its gradient as graph nodes.
 *
 * Methods, not function properties: so an `Op<A>` can stand where the attributes' type is not known (`Op<unknown>`).
 */
export interface Op<A> {
  readonly name: string;
  /** @throws ShapeError for inputs it cannot accept. */
  shape(shapes: readonly Shape[], attrs: A): Shape;
  lower<T>(emit: Emit<T>, io: Io<T>, attrs: A): void;
  /** True where `lower` honors `io.view`. */
  readonly strided?: boolean;
  /** The input whose memory the output is, if any: the op moves nothing, or adds to what is there. */
  alias?(attrs: A): number | undefined;
  readonly gradient: GradientRule<A> | NoGradient;
}

/** One gradient for each input, `null` for an input without one. */
export type GradientRule<A> = { rule(context: GradientContext<A>): readonly (Node | null)[] }['rule'];

/**
 * Why an op has no rule. `source`: has no inputs. `backward`: is itself part of a gradient. `fused`: made by passes. `data`: of raw bytes.
 * `inference`: only imported networks have it, and those are frozen.
 */
export type NoGradient = 'source' | 'backward' | 'fused' | 'data' | 'inference';

/** Declares an op; `apply` makes nodes of it. */
export function defineOp<A = undefined>(op: Op<A>): Op<A> {
  return op;
}

let lastId = 0;

/** More elements than any device has room for; so what follows need not fear large numbers. */
const MOST_ELEMENTS = 2 ** 32;

/** Makes a node. @throws ShapeError for inputs that `op` cannot accept. */
export function apply<A>(op: Op<A>, inputs: readonly Node[], attrs: A): Node {
  const shape = op.shape(
    inputs.map((input) => input.shape),
    attrs,
  );
  if (!(sizeOf(shape) <= MOST_ELEMENTS)) {
    throw new ShapeError({ where: op.name, expected: `at most ${MOST_ELEMENTS} elements`, got: describe(shape) });
  }
  return { op, inputs, attrs, shape, id: ++lastId };
}

/** Whether `node` computes `op`, and so has attributes of its type; also of a part that is to be placed. */
export function isOp<A, N extends Pick<Node, 'op' | 'attrs'>>(
  node: N | undefined,
  op: Op<A>,
): node is N & Pick<Node<A>, 'op' | 'attrs'> {
  return Object.is(node?.op, op);
}

/** The number of elements of `shape`. */
export function sizeOf(shape: Shape): number {
  return shape.reduce((product, extent) => product * extent, 1);
}

/** All nodes that `outputs` need, inputs first. */
export function reachable(outputs: readonly Node[]): Node[] {
  const seen = new Set<Node>();
  const pending = [...outputs];
  for (let node = pending.pop(); node; node = pending.pop()) {
    if (seen.has(node)) continue;
    seen.add(node);
    // One by one: as arguments of one call, hundreds of thousands would not fit the stack.
    for (const input of node.inputs) pending.push(input);
  }
  return [...seen].sort((a, b) => a.id - b.id);
}

/** Attributes as text, to tell computations apart. JSON alone would write -0 as 0, and NaN and both infinities as null. */
export function attrsKey(attrs: unknown): string | undefined {
  return JSON.stringify(attrs, (_, value: unknown) => {
    const lost = typeof value === 'number' && (!Number.isFinite(value) || Object.is(value, -0));
    return lost ? `number ${Object.is(value, -0) ? '-0' : value}` : value;
  });
}

/** `[1, 4, 4, 2] relu` – for messages. */
export function describe(shape: Shape): string {
  return `[${shape.join(', ')}]`;
}
