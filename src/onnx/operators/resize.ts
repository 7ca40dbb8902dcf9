/** Resize and Upsample: to nearest neighbors, linear or cubic, along every axis that changes. */
import { describe, type Node } from '../../graph/node.ts';
import { binary } from '../../graph/ops/elementwise/binary.ts';
import { gather } from '../../graph/ops/movement/gather.ts';
import { resample } from '../../graph/ops/movement/resample.ts';
import { FormatError, ShapeError } from '../../runtime/errors.ts';
import type { Attributes } from '../attributes.ts';
import { checkSize, MAX_KNOWN, normalizeAxis, range, Value } from '../values.ts';
import {
  type Axis,
  COORDINATES,
  type Coordinates,
  cubic,
  linear,
  nearest,
  outside,
  ROUNDINGS,
  type Rounding,
} from './coordinates.ts';
import type { NodeContext, Operators } from './operator.ts';

/** What is computed along each axis. */
interface Method {
  readonly mode: string;
  readonly coordinates: Coordinates;
  readonly rounding: Rounding;
  readonly cubicCoefficient: number;
  /** What lies outside of a region; see `outside`. */
  readonly extrapolation: number;
}

/** Opset 10's Resize, and Upsample: their only coordinates, and how they round. */
const OLDER = {
  coordinates: 'float32_asymmetric',
  rounding: 'by_scale',
  cubicCoefficient: 0,
  extrapolation: 0,
} as const;

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
    refuse: refusal,
    run: (call) => {
      const x = call.node(0);
      const { attributes, opset } = call;
      const mode = attributes.string('mode', 'nearest');
      if (opset < 11) return Value.of(resized(x, resizedAxes(call, x.shape, 1), { ...OLDER, mode }));
      const method = {
        mode,
        coordinates: attributes.string('coordinate_transformation_mode', 'half_pixel') as Coordinates,
        rounding: attributes.string('nearest_mode', 'round_prefer_floor') as Rounding,
        cubicCoefficient: attributes.float('cubic_coeff_a', -0.75),
        extrapolation: attributes.float('extrapolation_value', 0),
      };
      return Value.of(resized(x, resizedAxes(call, x.shape, 2), method));
    },
  },
  Upsample: {
    attributes: ['height_scale', 'mode', 'scales', 'width_scale'],
    refuse: refusal,
    run: (call) => {
      const x = call.node(0);
      const { attributes } = call;
      const scales =
        call.known(1) ??
        (attributes.has('scales')
          ? attributes.floats('scales')
          : [1, 1, attributes.float('height_scale'), attributes.float('width_scale')]);
      const mode = attributes.string('mode', 'nearest').replace('bilinear', 'linear');
      return Value.of(resized(x, scaledAxes(x.shape, scales), { ...OLDER, mode }));
    },
  },
};

function refusal(attributes: Attributes, opset: number): string | false {
  const mode = attributes.string('mode', 'nearest');
  const modes = ['nearest', 'linear', opset < 9 ? 'bilinear' : opset > 10 ? 'cubic' : 'linear'];
  if (!modes.includes(mode)) return `its mode is '${mode}'`;
  for (const name of ['antialias', 'exclude_outside']) if (attributes.int(name, 0) !== 0) return `attribute '${name}'`;
  const coordinates = attributes.string('coordinate_transformation_mode', 'half_pixel');
  if (!COORDINATES.includes(coordinates)) return `its coordinate_transformation_mode is '${coordinates}'`;
  const rounding = attributes.string('nearest_mode', 'floor');
  return !ROUNDINGS.includes(rounding) && `its nearest_mode is '${rounding}'`;
}

const WHOLE = [0, 1] as const;

/** In float32, as ONNX's own shape inference multiplies: 10 elements by 0.7 are 7. */
function scaledAxes(shape: readonly number[], scales: readonly number[], rois = shape.map(() => WHOLE as Axis['roi'])) {
  if (scales.length !== shape.length || scales.some((scale) => !(scale > 0))) {
    throw new ShapeError({ expected: `a positive scale for each axis of ${describe(shape)}`, got: describe(scales) });
  }
  return shape.map((from, axis): Axis => {
    const scale = scales[axis]!;
    return { from, to: Math.floor(Math.fround(from * scale)), scale, roi: rois[axis]! };
  });
}

/** Reads sizes or scales, which are the arguments from `index` on. */
function resizedAxes(call: NodeContext, shape: readonly number[], index: number): Axis[] {
  const axes = call.attributes.ints('axes', range(shape.length)).map((axis) => normalizeAxis(axis, shape.length));
  if (new Set(axes).size !== axes.length) throw new ShapeError({ expected: 'different axes', got: describe(axes) });
  const spread = <T>(values: readonly T[], otherwise: readonly T[]) => {
    if (values.length !== axes.length) throw new ShapeError({ expected: `${axes.length} numbers`, got: values.length });
    return shape.map((_, axis) => values[axes.indexOf(axis)] ?? otherwise[axis]!);
  };
  const whole = shape.map(() => WHOLE as Axis['roi']);
  const crops = call.attributes.string('coordinate_transformation_mode', '') === 'tf_crop_and_resize';
  const rois = crops ? spread(regions(call, axes.length), whole) : whole;
  const scales = call.known(index);
  const ones = shape.map(() => 1);
  if (scales?.length) return scaledAxes(shape, spread(scales, ones), rois);
  const sizes = spread(call.known(index + 1) ?? [], shape);
  const policy = call.attributes.string('keep_aspect_ratio_policy', 'stretch');
  if (policy === 'stretch') {
    return shape.map((from, axis) => ({ from, to: sizes[axis]!, scale: sizes[axis]! / from, roi: rois[axis]! }));
  }
  if (policy !== 'not_larger' && policy !== 'not_smaller') {
    throw new FormatError({
      expected: 'keep_aspect_ratio_policy stretch, not_larger or not_smaller',
      got: `'${policy}'`,
    });
  }
  const ratios = axes.map((axis) => sizes[axis]! / shape[axis]!);
  const scale = policy === 'not_larger' ? Math.min(...ratios) : Math.max(...ratios);
  return shape.map((from, axis) => {
    const changes = axes.includes(axis);
    return { from, to: changes ? Math.floor(scale * from + 0.5) : from, scale: changes ? scale : 1, roi: rois[axis]! };
  });
}

/** The region's begin and end for each axis. @throws ShapeError for another number of them. */
function regions(call: NodeContext, axes: number): Axis['roi'][] {
  const roi = call.known(1) ?? [];
  if (roi.length !== 2 * axes) throw new ShapeError({ expected: `a roi of ${2 * axes} numbers`, got: describe(roi) });
  return range(axes).map((i) => [roi[i]!, roi[i + axes]!] as const);
}

function resized(x: Node, axes: readonly Axis[], method: Method): Node {
  const shape = axes.map(({ to }) => to);
  checkSize(shape);
  if (shape.some((extent) => extent < 1))
    throw new ShapeError({ expected: 'extents of 1 or more', got: describe(shape) });
  const taps = method.mode === 'nearest' ? 1 : 4;
  for (const extent of shape) checkSize([extent, taps], MAX_KNOWN);
  return axes.reduce((y, axis, i) => along(y, i, axis, method), x);
}

/** Resizes one axis. What lies outside gets the extrapolation's value, which the axes that follow keep. */
function along(x: Node, i: number, axis: Axis, method: Method): Node {
  const { mode, coordinates, rounding, extrapolation } = method;
  const away = outside(axis, coordinates);
  const crops = away.includes(true);
  const same = axis.to === axis.from && axis.scale === 1 && coordinates !== 'tf_crop_and_resize';
  if (mode === 'nearest' && !crops) {
    const indices = nearest(axis, coordinates, rounding);
    return axis.to === axis.from && indices.every((index, at) => index === at) ? x : gather(x, i, indices);
  }
  if (same) return x;
  const { indices, weights } = tapsOf(axis, method);
  const kept = weights.map((each, at) => (away[at] ? each.map(() => 0) : each));
  const y = resample(x, i, indices, kept);
  if (!crops || extrapolation === 0) return y;
  const added = Value.constant('float32', [axis.to, ...x.shape.slice(i + 1).map(() => 1)], away.map(Number));
  return binary('add', y, binary('mul', added.node, Value.constant('float32', [], [extrapolation]).node));
}

function tapsOf(axis: Axis, { mode, coordinates, rounding, cubicCoefficient }: Method) {
  if (mode === 'cubic') return cubic(axis, coordinates, cubicCoefficient);
  if (mode === 'linear') return linear(axis, coordinates);
  const indices = nearest(axis, coordinates, rounding).map((index) => [index]);
  return { indices, weights: indices.map(() => [1]) };
}
