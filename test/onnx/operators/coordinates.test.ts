/** Where resized elements come from: all sizes 1 to 96 as ONNX's reference evaluator says, and ONNX Runtime in most. */
import { crc32 } from 'node:zlib';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { expect, test } from 'vitest';
import {
  type Axis,
  COORDINATES,
  type Coordinates,
  cubic,
  linear,
  nearest,
  ROUNDINGS,
  type Rounding,
} from '../../../src/onnx/operators/coordinates.ts';
import { model, node, value } from '../../support/proto_builder.ts';

const SIZES = Array.from({ length: 96 }, (_, i) => i + 1);
const PAIRS = SIZES.flatMap((from) => SIZES.map((to) => [from, to] as const));
const axisOf = (from: number, to: number): Axis => ({ from, to, scale: to / from, roi: [0.1, 0.8] });

/**
 * CRC-32 of the indices as bytes, of all pairs in the order of `PAIRS`: by onnx 1.23.2's reference evaluator
 * (onnx/reference/ops/op_resize.py), in float64. For tf_crop_and_resize with a roi of 0.1 to 0.8, all of it inside.
 */
const REFERENCE: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  half_pixel: { round_prefer_floor: 2183677672, round_prefer_ceil: 3225803434, floor: 199670782, ceil: 733824713 },
  half_pixel_symmetric: {
    round_prefer_floor: 3033776095,
    round_prefer_ceil: 1827749259,
    floor: 988787129,
    ceil: 3041540648,
  },
  pytorch_half_pixel: {
    round_prefer_floor: 3633073439,
    round_prefer_ceil: 3623207376,
    floor: 3997275726,
    ceil: 1007508915,
  },
  align_corners: { round_prefer_floor: 3222930225, round_prefer_ceil: 4069893174, floor: 1319068122, ceil: 3677166129 },
  asymmetric: { round_prefer_floor: 3339094766, round_prefer_ceil: 2364816164, floor: 2463374481, ceil: 3570351063 },
  tf_crop_and_resize: {
    round_prefer_floor: 174005692,
    round_prefer_ceil: 3405260071,
    floor: 3832996347,
    ceil: 925480310,
  },
};
const rules = Object.entries(REFERENCE).flatMap(([mode, hashes]) =>
  Object.entries(hashes).map(([rounding, hash]) => [mode, rounding, hash] as const),
);

test('every rule that there is has been compared', () => {
  // tf_half_pixel_for_nn was in opset 11 alone, and is not in the reference.
  expect(COORDINATES.filter((name) => name !== 'tf_half_pixel_for_nn').sort()).toEqual(Object.keys(REFERENCE).sort());
  for (const hashes of Object.values(REFERENCE)) expect(Object.keys(hashes)).toEqual(ROUNDINGS);
});

test.each(rules)('%s, %s: 9,216 pairs of sizes as the reference', (mode, rounding, hash) => {
  const got = PAIRS.reduce((crc, [from, to]) => {
    const indices = nearest(axisOf(from, to), mode as Coordinates, rounding as Rounding);
    return crc32(Uint8Array.from(indices), crc);
  }, 0);
  expect(got).toBe(hash);
});

test('a tie that float32 gets wrong', () => {
  expect(nearest(axisOf(20, 6), 'half_pixel', 'round_prefer_ceil')).toEqual([1, 5, 8, 11, 15, 18]);
});

const resize = (attributes: Record<string, string>) =>
  model({
    nodes: [node('Resize', ['x', '', '', 'sizes'], ['y'], attributes)],
    inputs: [value('x', ['n']), value('sizes', [1], 'int64')],
    outputs: ['y'],
    opset: 19,
  });

test.each(rules.filter(([mode]) => mode !== 'tf_crop_and_resize'))(
  '%s, %s: ONNX Runtime differs by one, and in few pairs',
  async (mode, rounding) => {
    const bytes = resize({ mode: 'nearest', coordinate_transformation_mode: mode, nearest_mode: rounding });
    const session = await InferenceSession.create(bytes, { logSeverityLevel: 4, intraOpNumThreads: 1 });
    let others = 0;
    const pairs = PAIRS.filter((_, i) => i % 19 === 0);
    for (const [from, to] of pairs) {
      const x = new Tensor(
        'float32',
        Float32Array.from({ length: from }, (_, i) => i),
        [from],
      );
      const { y } = await session.run({ x, sizes: new Tensor('int64', [BigInt(to)], [1]) });
      const indices = nearest(axisOf(from, to), mode as Coordinates, rounding as Rounding);
      const distances = indices.map((index, at) => Math.abs(index - Number(y!.data[at])));
      // 49 times 1 / 49 is not 1 in float64, so the reference does not see that the extent is 1.
      if (from !== 49 || to !== 1) expect(Math.max(...distances), `${from} to ${to}`).toBeLessThanOrEqual(1);
      if (distances.some((distance) => distance !== 0)) others++;
    }
    await session.release();
    expect(others / pairs.length).toBeLessThan(0.06);
  },
);

test.each(['linear', 'cubic'])('the weights of %s neighbors are 1 together, and exact at an element', (mode) => {
  const of = (axis: Axis) => (mode === 'linear' ? linear(axis, 'half_pixel') : cubic(axis, 'half_pixel', -0.75));
  for (const [from, to] of PAIRS.filter((_, i) => i % 97 === 5)) {
    const { weights } = of(axisOf(from, to));
    for (const each of weights) expect(each.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 12);
  }
  const { indices, weights } = of(axisOf(5, 5));
  expect(indices.map((each, at) => each[weights[at]!.indexOf(1)])).toEqual([0, 1, 2, 3, 4]);
});
