import { type Unary, unary as unaryKernel } from '../../../kernels/elementwise/unary.ts';
import { apply, defineOp, type Node, sizeOf } from '../../node.ts';
import { expectElements } from '../movement/axes.ts';

export interface UnaryAttrs {
  readonly fn: Unary;
  readonly alpha: number;
  readonly beta: number;
}

/** The bounds of a clip without bounds. Infinity would be null in JSON, by which attributes are compared. */
const LARGEST = 3.4028234663852886e38;

/** What the functions with parameters take where none are given: ONNX's defaults. */
const defaults: Readonly<Partial<Record<Unary, { readonly alpha: number; readonly beta?: number }>>> = {
  celu: { alpha: 1 },
  clip: { alpha: -LARGEST, beta: LARGEST },
  elu: { alpha: 1 },
  hard_sigmoid: { alpha: 0.2, beta: 0.5 },
  leaky_relu: { alpha: 0.01 },
  selu: { alpha: 1.6732632423543772, beta: 1.0507009873554805 },
  thresholded_relu: { alpha: 1 },
};

/**
 * y = fn(x), element by element.
 *
 * celu: x, or alpha (exp(x / alpha) − 1) below 0; clip: alpha to beta; elu: x, or alpha (eˣ − 1) below 0;
 * hard_sigmoid: alpha x + beta, within 0 to 1; leaky_relu: x, or alpha x below 0; selu: beta times elu;
 * thresholded_relu: x, or 0 up to alpha. The others have no parameters.
 */
export const unaryOp = defineOp<UnaryAttrs>({
  name: 'unary',
  shape: ([x]) => {
    expectElements('unary', x!);
    return x!;
  },
  lower: (emit, { inputs: [x], output, shape }, { fn, alpha, beta }) => {
    const clips = fn === 'clip';
    const params = {
      count: sizeOf(shape),
      // An infinite x passes a bound that stands for none.
      alpha: clips && alpha <= -LARGEST ? Number.NEGATIVE_INFINITY : alpha,
      beta: clips && beta >= LARGEST ? Number.POSITIVE_INFINITY : beta,
    };
    emit.call(unaryKernel, { x: x!, y: output }, params, { f: fn });
  },
  gradient: 'inference',
});

/** Applies `fn` to each element; see `unaryOp` for what `alpha` and `beta` are. @throws ShapeError for an empty x. */
export function unary(fn: Unary, x: Node, { alpha, beta }: { readonly alpha?: number; readonly beta?: number } = {}) {
  const usual = defaults[fn];
  const finite = (value = 0) => Math.min(Math.max(value, -LARGEST), LARGEST);
  return apply(unaryOp, [x], { fn, alpha: finite(alpha ?? usual?.alpha), beta: finite(beta ?? usual?.beta) });
}
