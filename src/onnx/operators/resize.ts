/** Resize and Upsample to nearest neighbours: a gather along every axis that changes. */
import { describe, type Node } from '../../graph/node.ts';
import { gather } from '../../graph/ops/gather.ts';
import { ShapeError } from '../../runtime/errors.ts';
import type { Attributes } from '../attributes.ts';
import { checkSize, MAX_KNOWN, normaliseAxis, range, Unsupported, Value } from '../values.ts';
import type { Call, Operators } from './operator.ts';

/** How an axis changes: `scale` is the new extent by the old one, as the file states it. */
interface Axis {
  readonly from: number;
  readonly to: number;
  readonly scale: number;
}

export const resizeOperators: Operators = {
  Resize: {
    attributes: [
      'antialias',
      'axes',
      'coordinate_transformation_mode',
      'cubic_coeff_a',
      'exclude_outside',
      'extrapolation_value',
      'keep_aspect_ratio_policy',
      'mode',
      'nearest_mode',
    ],
    refuse: refuseMode,
    run: (call) => {
      const x = call.node(0);
      const { attributes } = call;
      const older = call.opset < 11;
      const coordinates = attributes.string('coordinate_transformation_mode', older ? 'asymmetric' : 'half_pixel');
      const rounding = attributes.string('nearest_mode', older ? 'simple' : 'round_prefer_floor');
      return Value.of(resized(x, resizedAxes(call, x.shape, older ? 1 : 2), coordinates, rounding));
    },
  },
  Upsample: {
    attributes: ['height_scale', 'mode', 'scales', 'width_scale'],
    refuse: refuseMode,
    run: (call) => {
      const x = call.node(0);
      const { attributes } = call;
      const scales =
        call.known(1) ??
        (attributes.has('scales')
          ? attributes.floats('scales')
          : [1, 1, attributes.float('height_scale'), attributes.float('width_scale')]);
      return Value.of(resized(x, scaledAxes(x.shape, scales), 'asymmetric', 'simple'));
    },
  },
};

function refuseMode(attributes: Attributes): string | false {
  const mode = attributes.string('mode', 'nearest');
  return mode !== 'nearest' && `its mode is '${mode}'`;
}

function scaledAxes(shape: readonly number[], scales: readonly number[]): Axis[] {
  if (scales.length !== shape.length || scales.some((scale) => !(scale > 0))) {
    throw new ShapeError(`expected a positive scale for each axis of ${describe(shape)}, got ${describe(scales)}`);
  }
  return shape.map((from, axis) => ({ from, to: Math.floor(Math.fround(from * scales[axis]!)), scale: scales[axis]! }));
}

/** Reads sizes or scales, which are the arguments from `index` on. */
function resizedAxes(call: Call, shape: readonly number[], index: number): Axis[] {
  const axes = call.attributes.ints('axes', range(shape.length)).map((axis) => normaliseAxis(axis, shape.length));
  const spread = (values: readonly number[], otherwise: readonly number[]) => {
    if (values.length !== axes.length) throw new ShapeError(`expected ${axes.length} numbers, got ${describe(values)}`);
    return shape.map((_, axis) => values[axes.indexOf(axis)] ?? otherwise[axis]!);
  };
  const scales = call.known(index);
  if (scales?.length) {
    return scaledAxes(
      shape,
      spread(
        scales,
        shape.map(() => 1),
      ),
    );
  }
  const sizes = spread(call.known(index + 1) ?? [], shape);
  const policy = call.attributes.string('keep_aspect_ratio_policy', 'stretch');
  if (policy === 'stretch') return shape.map((from, axis) => ({ from, to: sizes[axis]!, scale: sizes[axis]! / from }));
  const ratios = axes.map((axis) => sizes[axis]! / shape[axis]!);
  const scale = policy === 'not_larger' ? Math.min(...ratios) : Math.max(...ratios);
  return shape.map((from, axis) =>
    axes.includes(axis) ? { from, to: Math.floor(scale * from + 0.5), scale } : { from, to: from, scale: 1 },
  );
}

function resized(x: Node, axes: readonly Axis[], coordinates: string, rounding: string): Node {
  const shape = axes.map(({ to }) => to);
  checkSize(shape);
  if (shape.some((extent) => extent < 1)) throw new ShapeError(`expected extents of 1 or more, got ${describe(shape)}`);
  for (const extent of shape) checkSize([extent], MAX_KNOWN);
  return axes.reduce((y, axis, i) => {
    const sources = range(axis.to).map((at) => {
      const nearest = round(sourceOf(at, axis, coordinates), rounding, axis.scale);
      return Math.min(Math.max(nearest, 0), axis.from - 1);
    });
    return axis.to === axis.from && sources.every((source, at) => source === at) ? y : gather(y, i, sources);
  }, x);
}

/** Where the element `at` of the new axis lies on the old one. In float32, so that ties fall as they do elsewhere. */
function sourceOf(at: number, { from, to, scale }: Axis, mode: string): number {
  const divided = (x: number) => Math.fround(x / Math.fround(scale));
  const halfPixel = Math.fround(divided(at + 0.5) - 0.5);
  switch (mode) {
    case 'half_pixel':
      return halfPixel;
    case 'half_pixel_symmetric':
      return Math.fround((from / 2) * (1 - to / (scale * from)) + halfPixel);
    case 'pytorch_half_pixel':
      return to > 1 ? halfPixel : 0;
    case 'align_corners':
      return to > 1 ? Math.fround((at * (from - 1)) / (to - 1)) : 0;
    case 'asymmetric':
      return divided(at);
    case 'tf_half_pixel_for_nn':
      return divided(at + 0.5);
    default:
      throw new Unsupported(`its coordinate_transformation_mode is '${mode}'`);
  }
}

/** `simple` is what there was before nearest_mode: up when the picture shrinks, else down. */
function round(x: number, mode: string, scale: number): number {
  switch (mode) {
    case 'round_prefer_floor':
      return Math.ceil(x - 0.5);
    case 'round_prefer_ceil':
      return Math.floor(x + 0.5);
    case 'floor':
      return Math.floor(x);
    case 'ceil':
      return Math.ceil(x);
    case 'simple':
      return scale < 1 ? Math.ceil(x) : Math.floor(x);
    default:
      throw new Unsupported(`its nearest_mode is '${mode}'`);
  }
}
