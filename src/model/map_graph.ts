/** Graph of feature maps: how a classifier's file takes pictures, and what its values are as maps of them. */
import { describe, type Node } from '../graph/node.ts';
import { input } from '../graph/ops/core/input.ts';
import { tensor } from '../graph/ops/core/tensor.ts';
import { concat } from '../graph/ops/movement/concat.ts';
import { gather } from '../graph/ops/movement/gather.ts';
import { reshape } from '../graph/ops/movement/reshape.ts';
import { transpose } from '../graph/ops/movement/transpose.ts';
import { matmul } from '../graph/ops/nn/matmul.ts';
import { resizeMatrix } from '../image/raster/resize.ts';
import type { OnnxModel } from '../onnx/load.ts';
import { FormatError } from '../runtime/errors.ts';

/** Pixels of the picture by which strides are found: multiples of every stride, and not square, as vectors would be. */
const PROBE = { height: 256, width: 512 };
/** How a file takes pictures. */
export interface FileInput {
  readonly layout: 'nchw' | 'nhwc';
  /** Pixels a side of the squares that it is fed with; undefined: as they are. */
  readonly size: number | undefined;
  /** Whether it takes one picture at a time. */
  readonly single: boolean;
}

/** How the file takes pictures. @throws FormatError unless it takes RGB pictures, of any size or squares of one. */
export function inputOf({ file: { name }, inputs }: OnnxModel, wanted: number | undefined): FileInput {
  const shape = inputs.length === 1 ? inputs[0]!.shape : undefined;
  const layout = shape?.[1] === 3 ? 'nchw' : 'nhwc';
  const sides = layout === 'nchw' ? shape?.slice(2) : shape?.slice(1, 3);
  const [side] = sides?.filter((extent) => typeof extent === 'number') ?? [];
  const isSquare = sides?.every((extent) => typeof extent === 'string' || (extent === side && extent >= 1));
  if (shape?.length !== 4 || shape[layout === 'nchw' ? 1 : 3] !== 3 || !isSquare) {
    const got = inputs.map((each) => `${each.name} [${each.shape?.map((extent) => extent || '?').join(', ') ?? '…'}]`);
    throw new FormatError({
      where: name,
      expected: 'one input of an RGB picture, [N, 3, H, W] or [N, H, W, 3], of any size or square',
      got: got.join(' and ') || 'none',
      hint: 'export it so',
    });
  }
  if (side !== undefined && wanted !== undefined && side !== wanted) {
    throw new FormatError({
      where: name,
      expected: `the size that it declares, ${side}`,
      got: wanted,
      hint: 'leave it out',
    });
  }
  return { layout, size: side ?? wanted, single: typeof shape[0] === 'number' };
}

/** The file's outputs for grey [N, H, W, 1], channels last. */
export function buildMaps(model: OnnxModel, { layout }: FileInput, grey: Node): Record<string, Node> {
  const rgb = concat([grey, grey, grey], 3);
  const fed = layout === 'nchw' ? transpose(rgb, [0, 3, 1, 2]) : rgb;
  const results = model.build({ [model.inputs[0]!.name]: fed });
  return Object.fromEntries(
    Object.entries(results).map(([name, node]) => {
      const isMap = node.shape.length === 4;
      return [name, isMap && layout === 'nchw' ? transpose(node, [0, 2, 3, 1]) : node];
    }),
  );
}

/** Squeezes grey [N, H, W, 1] into [N, size, size, 1], by the filter of `resizePlane`. */
export function squeezed(grey: Node, size: number): Node {
  const [n, height, width] = grey.shape as [number, number, number];
  const matrix = (from: number) => tensor(`resize ${from} ${size}`, [from, size], () => resizeMatrix(from, size));
  const columns = matmul(reshape(grey, [n, height, width]), matrix(width));
  const both = matmul(transpose(columns, [0, 2, 1]), matrix(height));
  return reshape(transpose(both, [0, 2, 1]), [n, size, size, 1]);
}

/** Spreads a map [N, h, w, C] over [N, rows, columns, C]: each cell takes what lies at its middle. */
export function spread(map: Node, rows: number, columns: number): Node {
  const places = (to: number, from: number) =>
    Array.from({ length: to }, (_, i) => Math.floor(((i + 0.5) * from) / to));
  return gather(gather(map, 1, places(rows, map.shape[1]!)), 2, places(columns, map.shape[2]!));
}

/** The maps of a picture that is not square, or of the file's own square. */
export function probe(model: OnnxModel, fed: FileInput): Record<string, Node> {
  const { height, width } = fed.size === undefined ? PROBE : { height: fed.size, width: fed.size };
  return buildMaps(model, fed, input('grey', [1, height, width, 1]));
}

/** @throws FormatError for what is no map of the picture. */
export function shapeOf(
  name: string,
  output: string,
  { shape }: Node,
  size: number | undefined,
): { channels: number; stride: number } {
  const [, height, width, channels] = shape;
  const isMap = shape.length === 4 && height! > 1 && width! > 1;
  if (isMap && size !== undefined) return { channels: channels!, stride: 2 ** Math.round(Math.log2(size / height!)) };
  const stride = PROBE.height / height!;
  if (isMap && PROBE.width / width! === stride && Number.isInteger(Math.log2(stride)) && stride >= 1) {
    return { channels: channels!, stride };
  }
  const got = describe(shape);
  if (size !== undefined) {
    throw new FormatError({
      where: name,
      expected: `'${output}' as a map with several cells`,
      got: `${got} for ${size} x ${size} pixels`,
      hint: 'name another value, before the pooling',
    });
  }
  throw new FormatError({
    where: name,
    expected: `'${output}' as a map whose sides are the picture's, divided by a power of 2`,
    got: `${got} for ${PROBE.height} x ${PROBE.width} pixels`,
    hint: 'name another value, of a network with SAME padding, or a size to squeeze pictures into',
  });
}
