/** Search in a classifier's graph for the value that serves as an embedding, and what its input looks like. */
import type { OnnxGraph, OnnxNode, ValueInfo } from '../onnx/model.ts';
import { FormatError } from '../runtime/errors.ts';
import type { EmbeddingKind } from './embedding.ts';

/** Operators behind which the values are the same, at most in another shape. */
const SAME_VALUES = new Set(['Identity', 'Reshape', 'Flatten', 'Squeeze', 'Unsqueeze', 'Cast', 'Dropout']);
/** Operators by which a constant becomes another one that a product may read. */
const KEEP_CONSTANT = new Set(['Transpose', 'DequantizeLinear']);
const SOFTMAXES = new Set(['Softmax', 'LogSoftmax']);
const PRODUCTS = new Set(['Gemm', 'MatMul']);

/** A value of the file, and whether softmax must still be applied to it. */
export interface Feature {
  readonly output: string;
  readonly softmax: boolean;
}

/**
 * Chooses the value of a given kind.
 *
 * @param name the file, for messages
 * @param output one of the file's values; undefined: its output, or all of them where they lead to the same value
 * @param settled whether `output` is the value itself, as found before: `logits` and `pooled` look no further
 * @throws FormatError when there is no such value, or several outputs to choose from.
 */
export function chooseFeature(
  name: string,
  graph: OnnxGraph,
  kind: EmbeddingKind,
  output: string | undefined,
  settled = false,
): Feature {
  const producers = new Producers(graph);
  if (output !== undefined) return featureAt(name, producers, kind, output, settled);
  const names = graph.outputs.map((each) => each.name);
  const features = names.map((each) => featureAt(name, producers, kind, each, false));
  const known = features.find((each) => names.includes(each.output)) ?? features[0];
  const sourceOf = (each: Feature) => producers.behind(each.output, sameValues);
  const agree = features.every((each) => each.softmax === known?.softmax && sourceOf(each) === sourceOf(known));
  if (known && agree) return known;
  throw new FormatError({
    where: name,
    expected: 'one output',
    got: `${names.length}: ${names.map((each) => `'${each}'`).join(', ')}`,
    hint: 'name the one with the logits (--inception-output)',
  });
}

function sameValues({ opType }: OnnxNode): boolean {
  return SAME_VALUES.has(opType);
}

function featureAt(name: string, producers: Producers, kind: EmbeddingKind, chosen: string, settled: boolean): Feature {
  const end = producers.behind(chosen, sameValues);
  const isSoftmax = end !== undefined && SOFTMAXES.has(end.opType);
  if (kind === 'softmax') {
    if (end?.opType === 'Softmax') return { output: chosen, softmax: false };
    return { output: isSoftmax ? end.inputs[0]! : chosen, softmax: true };
  }
  if (settled) return { output: chosen, softmax: false };
  if (kind === 'logits') return { output: isSoftmax ? end.inputs[0]! : chosen, softmax: false };
  const product = producers.behind(
    chosen,
    (node) => sameValues(node) || SOFTMAXES.has(node.opType) || node.opType === 'Add',
  );
  if (!product || !PRODUCTS.has(product.opType)) {
    throw new FormatError({
      where: name,
      expected: `a Gemm or MatMul before '${chosen}', whose input is pooled`,
      got: product?.opType ?? 'the input',
      hint: 'name the pooled value as the output, with kind logits',
    });
  }
  return { output: producers.computedInput(product), softmax: false };
}

/** What a classifier takes. */
export interface ClassifierInput {
  readonly name: string;
  readonly layout: 'nchw' | 'nhwc';
  /** Pixels a side, where the file declares them. */
  readonly size: number | undefined;
}

/** Reads a classifier's input off its declaration. @throws FormatError unless it takes one square RGB picture. */
export function classifierInput(name: string, { inputs }: OnnxGraph): ClassifierInput {
  const [input] = inputs;
  const fail = (): never => {
    const shape = ({ name, shape }: ValueInfo) =>
      `${name} [${shape?.map((extent) => extent || '?').join(', ') ?? '…'}]`;
    throw new FormatError({
      where: name,
      expected: 'one input of one square RGB picture, [1, 3, S, S] or [1, S, S, 3]',
      got: inputs.map(shape).join(' and ') || 'none',
      hint: 'is it a classifier of pictures?',
    });
  };
  if (!input || inputs.length > 1 || input.shape?.length !== 4) return fail();
  const [batch, ...rest] = input.shape as [number | string, number | string, number | string, number | string];
  const planar = rest[0] === 3;
  if ((typeof batch === 'number' && batch !== 1) || (!planar && rest[2] !== 3)) return fail();
  const sides = (planar ? rest.slice(1) : rest.slice(0, 2)).filter((side) => typeof side === 'number');
  if (sides.some((side) => side !== sides[0] || side < 1)) return fail();
  return { name: input.name, layout: planar ? 'nchw' : 'nhwc', size: sides[0] };
}

/** Which node makes which value. */
class Producers {
  readonly #graph: OnnxGraph;
  readonly #makers = new Map<string, OnnxNode>();

  constructor(graph: OnnxGraph) {
    this.#graph = graph;
    for (const node of graph.nodes) for (const output of node.outputs) if (output) this.#makers.set(output, node);
  }

  /** The node that makes `value`, or the first one before it that may not be `passed`. */
  behind(value: string, passed: (node: OnnxNode) => boolean): OnnxNode | undefined {
    let node = this.#makers.get(value);
    while (node && passed(node)) node = this.#makers.get(this.computedInput(node));
    return node;
  }

  /** The input that is no constant; the first one if all or none are. */
  computedInput(node: OnnxNode): string {
    return node.inputs.find((input) => !this.#isConstant(input)) ?? node.inputs[0] ?? '';
  }

  #isConstant(value: string): boolean {
    if (this.#graph.initializers.has(value)) return true;
    const maker = this.#makers.get(value);
    if (!maker) return false;
    return (
      maker.opType === 'Constant' ||
      ((SAME_VALUES.has(maker.opType) || KEEP_CONSTANT.has(maker.opType)) &&
        maker.inputs.length > 0 &&
        maker.inputs.every((input) => this.#isConstant(input)))
    );
  }
}
