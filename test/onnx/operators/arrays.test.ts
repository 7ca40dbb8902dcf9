/** Operators that move, reshape and resize, in all forms of their attributes, against ONNX Runtime. */
import { expect, test } from 'vitest';
import { loadOnnx } from '../../../src/onnx/load.ts';
import { gpu } from '../../support/gpu.ts';
import { type Argument, type Case, expectModel, expectSame, floats, ints } from '../../support/oracle.ts';
import { CODES, float, floats as floatList, model, node, tensor, value } from '../../support/proto_builder.ts';

const x: Argument = [2, 3, 4, 5];
const far = 2n ** 63n - 1n;

const cases: readonly Case[] = [
  { op: 'Transpose', inputs: [x] },
  { op: 'Transpose', inputs: [x], attributes: { perm: [2, 0, 3, 1] } },
  { op: 'Concat', inputs: [x, [2, 3, 4, 2], [2, 3, 4, 1]], attributes: { axis: -1 } },
  { op: 'Concat', inputs: [x, [2, 1, 4, 5]], attributes: { axis: 1 }, opset: 4 },
  { op: 'Concat', inputs: [x], attributes: { axis: 0 } },
  { op: 'Slice', inputs: [x], attributes: { starts: [1, -3], ends: [9, -1], axes: [1, -1] }, opset: 9 },
  { op: 'Slice', inputs: [x], attributes: { starts: [1, 0], ends: [2, 2] }, opset: 1 },
  { op: 'Slice', inputs: [x, ints(0, 1), ints(far, 3), ints(-1, 2), ints(2, 1)] },
  { op: 'Slice', inputs: [x, ints(-1, 3), ints(-far - 1n, 0), ints(3, 2), ints(-2, -1)] },
  { op: 'Slice', inputs: [x, ints(1), ints(2)], opset: 10 },
  { op: 'Split', inputs: [x], outputs: 2, attributes: { axis: 3, split: [2, 3] }, opset: 11 },
  { op: 'Split', inputs: [x, ints(1, 2, 1)], outputs: 3, attributes: { axis: -2 } },
  { op: 'Split', inputs: [x], outputs: 2, attributes: { axis: 3, num_outputs: 2 }, opset: 18 },
  { op: 'Gather', inputs: [x, ints(2, 0, -1)], attributes: { axis: 1 } },
  { op: 'Gather', inputs: [x, { ...ints(1, 0, 0, 1, 1, 0), shape: [2, 3] }] },
  { op: 'Gather', inputs: [x, { ...ints(-2), shape: [] }], attributes: { axis: -1 } },
  { op: 'Expand', inputs: [[3, 1], ints(2, 1, 6)] },
  { op: 'Expand', inputs: [x, ints(1)] },
  { op: 'DepthToSpace', inputs: [[2, 12, 2, 3]], attributes: { blocksize: 2 } },
  { op: 'DepthToSpace', inputs: [[2, 12, 2, 3]], attributes: { blocksize: 2, mode: 'CRD' } },
  { op: 'SpaceToDepth', inputs: [[2, 3, 4, 6]], attributes: { blocksize: 2 } },
  { op: 'Tile', inputs: [x, ints(1, 2, 1, 3)] },
  { op: 'Reshape', inputs: [x, ints(0, -1, 2)] },
  { op: 'Reshape', inputs: [x, ints(-1)] },
  { op: 'Reshape', inputs: [[1], { ...ints(), shape: [0] }] },
  { op: 'Reshape', inputs: [x, ints(8, 0, 5)], attributes: { allowzero: 0 } },
  { op: 'Flatten', inputs: [x] },
  { op: 'Flatten', inputs: [x], attributes: { axis: 4 } },
  { op: 'Flatten', inputs: [x], attributes: { axis: 0 } },
  { op: 'Flatten', inputs: [x], attributes: { axis: -1 } },
  { op: 'Squeeze', inputs: [[1, 3, 1, 2]] },
  { op: 'Squeeze', inputs: [[1, 3, 1, 2]], attributes: { axes: [0, 2] }, opset: 9 },
  { op: 'Squeeze', inputs: [[1, 3, 1, 2], ints(-2)] },
  { op: 'Unsqueeze', inputs: [x], attributes: { axes: [0, 3] }, opset: 11 },
  { op: 'Unsqueeze', inputs: [[2, 3], ints(-1, 0)] },
  { op: 'Identity', inputs: [x] },
  { op: 'Dropout', inputs: [x], attributes: { ratio: 0.75 }, opset: 10 },
  { op: 'Dropout', inputs: [x, floats([], 0.75), { shape: [], data: [0], type: 'bool' }] },
  { op: 'Shape', inputs: [x], type: 'int64' },
  { op: 'Shape', inputs: [x], attributes: { start: -3, end: 3 }, type: 'int64' },
  { op: 'Size', inputs: [x], type: 'int64' },
  { op: 'Cast', inputs: [x], attributes: { to: CODES.float64 }, type: 'float64' },
  { op: 'Pad', inputs: [x], attributes: { pads: [0, 0, 1, 2, 0, 1, 0, 3], value: 1.5 }, opset: 10 },
  { op: 'Pad', inputs: [x, ints(0, 0, 1, 2, 1, 0, 0, 3)] },
  { op: 'Pad', inputs: [x, ints(0, 0, 1, -2, 1, -1, 0, 3), floats([], 2.5)], attributes: { mode: 'constant' } },
  { op: 'Pad', inputs: [x, ints(0, 0, 0, -1, 0, 0, -2, 0)] },
  { op: 'Pad', inputs: [x, ints(0, 0, 3, 2, 0, 0, 1, 4)], attributes: { mode: 'reflect' } },
  { op: 'Pad', inputs: [x, ints(1, 0, 3, 7, 0, 2, 1, 4)], attributes: { mode: 'edge' } },
  { op: 'Pad', inputs: [x, ints(1, 2, 3, 0), floats([], 9), ints(-1, 1)], opset: 18 },
  { op: 'ConstantOfShape', inputs: [ints(2, 3)] },
  { op: 'ConstantOfShape', inputs: [ints(20, 30)], attributes: { value: tensor('', [1], [2.5]) } },
  {
    op: 'ConstantOfShape',
    inputs: [ints(2)],
    attributes: { value: tensor('', [1], [7], { type: 'int64' }) },
    type: 'int64',
  },
];
test.each(cases.map((of) => [label(of), of] as const))('%s', (_, of) => expectSame(of));

const modes = ['half_pixel', 'half_pixel_symmetric', 'pytorch_half_pixel', 'align_corners', 'asymmetric'];
const roundings = ['round_prefer_floor', 'round_prefer_ceil', 'floor', 'ceil'];
const methods: readonly Record<string, string>[] = [
  ...roundings.map((nearest_mode) => ({ mode: 'nearest', nearest_mode })),
  { mode: 'linear' },
  { mode: 'cubic' },
];
test.each(modes.flatMap((mode) => methods.map((method) => [mode, Object.values(method).join(' '), method] as const)))(
  'Resize %s, %s',
  async (mode, _, method) => {
    const attributes = { coordinate_transformation_mode: mode, ...method };
    const sizes = [ints(1, 2, 8, 10), ints(1, 2, 3, 2), ints(1, 2, 7, 1), ints(1, 2, 1, 13)];
    const scales = [floats([4], 1, 1, 2, 3), floats([4], 1, 1, 0.75, 1.75)];
    const opset = mode === 'half_pixel_symmetric' ? 19 : 13;
    for (const size of sizes)
      await expectSame({ op: 'Resize', inputs: [[1, 2, 4, 5], '', '', size], attributes, opset });
    // With corners aligned, scales that make no whole extents are another thing to ONNX Runtime: see below.
    for (const scale of mode === 'align_corners' ? scales.slice(0, 1) : scales)
      await expectSame({ op: 'Resize', inputs: [[1, 2, 4, 5], '', scale], attributes, opset });
  },
);

test.each([
  // ONNX's own node tests, downsample_scales_linear_align_corners and …_cubic_align_corners: 2.4 and 3.2 are the extents.
  ['linear', [1, 1, 2, 4], [1, 1, 0.6, 0.6], [1, 3.142857]],
  [
    'cubic',
    [1, 1, 4, 4],
    [1, 1, 0.8, 0.8],
    [1, 2.39519159, 3.79038317, 6.58076634, 7.97595793, 9.37114951, 12.16153268, 13.55672427, 14.95191585],
  ],
] as const)('Resize %s, align_corners, of scales without whole extents', async (mode, shape, scales, want) => {
  const bytes = model({
    nodes: [node('Resize', ['x', '', 'scales'], ['y'], { mode, coordinate_transformation_mode: 'align_corners' })],
    inputs: { x: shape },
    outputs: ['y'],
    initializers: [tensor('scales', [4], scales)],
  });
  const loaded = await loadOnnx(gpu, bytes);
  const data = Float32Array.from({ length: shape[2] * shape[3] }, (_, i) => i + 1);
  const { y } = await loaded.run({ x: { data, shape } });
  loaded.close();
  expect(y!.data.length).toBe(want.length);
  for (const [i, each] of want.entries()) expect(y!.data[i]).toBeCloseTo(each, 5);
});

const resizes: readonly Case[] = [
  { op: 'Resize', inputs: [[1, 2, 4, 5], floats([4], 1, 1, 2, 3)], opset: 10 },
  { op: 'Resize', inputs: [[1, 1, 2, 4], floats([4], 1, 1, 0.6, 0.6)], opset: 10 },
  { op: 'Resize', inputs: [[1, 2, 4, 5], floats([0]), floats([4], 1, 1, 2, 3)], opset: 11 },
  {
    op: 'Resize',
    inputs: [[1, 2, 4, 5], floats([0]), floats([4], 1, 1, 2, 3)],
    attributes: { coordinate_transformation_mode: 'tf_half_pixel_for_nn', nearest_mode: 'floor' },
    opset: 11,
  },
  { op: 'Resize', inputs: [[2, 2, 4, 5], '', floats([2], 2, 0.5)], attributes: { axes: [3, 2] }, opset: 18 },
  { op: 'Resize', inputs: [[2, 2, 4, 5], '', '', ints(7, 7)], attributes: { axes: [2, 3] }, opset: 18 },
  ...['not_larger', 'not_smaller'].map((policy) => ({
    op: 'Resize',
    inputs: [[2, 2, 4, 5], '', '', ints(7, 8)] as const,
    attributes: { axes: [2, 3], keep_aspect_ratio_policy: policy },
    opset: 18,
  })),
  ...['nearest', 'linear', 'cubic'].flatMap((mode) =>
    [0, 1.5].map((extrapolation_value) => ({
      op: 'Resize',
      inputs: [[1, 1, 6, 5], floats([8], 0, 0, 0.2, -0.25, 1, 1, 1.5, 0.85), '', ints(1, 1, 7, 9)] as const,
      attributes: {
        mode,
        coordinate_transformation_mode: 'tf_crop_and_resize',
        extrapolation_value: float(extrapolation_value),
      },
      opset: 13,
    })),
  ),
  {
    op: 'Resize',
    inputs: [[1, 2, 4, 5], '', '', ints(1, 2, 9, 7)],
    attributes: { mode: 'cubic', cubic_coeff_a: -0.5 },
    opset: 13,
  },
  { op: 'Resize', inputs: [[1, 2, 4, 5], floats([4], 1, 1, 1.5, 2)], attributes: { mode: 'linear' }, opset: 10 },
  { op: 'Resize', inputs: [[4, 5], '', '', ints(9, 7)], attributes: { mode: 'linear' }, opset: 13 },
  { op: 'Resize', inputs: [[1, 2, 3, 4, 5], '', '', ints(1, 2, 5, 6, 4)], attributes: { mode: 'linear' }, opset: 13 },
  { op: 'Upsample', inputs: [[1, 2, 4, 5]], attributes: { scales: floatList([1, 1, 2, 3]), mode: 'linear' }, opset: 7 },
  { op: 'Upsample', inputs: [[1, 2, 4, 5]], attributes: { scales: floatList([1, 1, 2, 3]) }, opset: 7 },
  { op: 'Upsample', inputs: [[1, 2, 4, 5], floats([4], 1, 1, 1.5, 2)], opset: 9 },
];
test.each(resizes.map((of) => [label(of), of] as const))('%s', (_, of) => expectSame(of));

test('Constant, in all forms', async () => {
  const forms = {
    value: tensor('', [2], [1.5, -2]),
    value_float: 2.5,
    value_int: 3,
    value_floats: [0.5, 1.5],
    value_ints: [4, 5],
  };
  const nodes = Object.entries(forms).map(([form, of]) => node('Constant', [], [form], { [form]: of }));
  const outputs = Object.keys(forms).map((form) => value(form, undefined, /int/.test(form) ? 'int64' : 'float32'));
  await expectModel(model({ nodes, inputs: {}, outputs }), {});
});

test('large Constants are weights, and two of one shape stay two', async () => {
  const weights = (from: number) =>
    tensor(
      '',
      [300],
      Array.from({ length: 300 }, (_, i) => from + i),
    );
  const nodes = [
    node('Constant', [], ['a'], { value: weights(1) }),
    node('Constant', [], ['b'], { value: weights(1000) }),
    node('Gather', ['a', 'i'], ['c']),
    node('Gather', ['b', 'j'], ['d']),
    node('Sub', ['c', 'd'], ['y']),
  ];
  const index = (name: string, ...data: number[]) => tensor(name, [data.length], data, { type: 'int64' });
  const initializers = [index('i', 7, 250), index('j', 299, 3)];
  await expectModel(model({ nodes, inputs: {}, outputs: ['y', 'a'], initializers }), {});
});

test('shape arithmetic is done during import', async () => {
  const one = (name: string, ...data: number[]) => tensor(name, [data.length], data, { type: 'int64' });
  const nodes = [
    node('Shape', ['x'], ['shape']),
    node('Gather', ['shape', 'zero'], ['batch']),
    node('Slice', ['shape', 'two', 'far', 'zero'], ['spatial']),
    node('Cast', ['spatial'], ['extents'], { to: CODES.float32 }),
    node('Mul', ['extents', 'half'], ['halved']),
    node('Floor', ['halved'], ['floored']),
    node('Cast', ['floored'], ['whole'], { to: CODES.int64 }),
    node('Div', ['whole', 'two'], ['less']),
    node('Concat', ['batch', 'rest', 'less'], ['wanted'], { axis: 0 }),
    node('Unsqueeze', ['wanted', 'zero'], ['row']),
    node('Transpose', ['row'], ['column']),
    node('Reshape', ['column', 'minus'], ['shapeAgain']),
    node('Reshape', ['x', 'shapeAgain'], ['y']),
  ];
  const initializers = [
    one('zero', 0),
    one('two', 2),
    one('far', 2 ** 40),
    one('rest', -1),
    one('minus', -1),
    tensor('half', [1], [0.7]),
  ];
  const data = Float32Array.from({ length: 2 * 4 * 6 * 7 }, (_, i) => i);
  const bytes = model({
    nodes,
    inputs: [value('x', ['n', 4, 'h', 'w'])],
    outputs: [value('y'), value('wanted', undefined, 'int64')],
    initializers,
  });
  await expectModel(bytes, { x: { data, shape: [2, 4, 6, 7] } });
});

function label({ op, inputs, attributes = {}, opset = 17 }: Case): string {
  const text = (of: unknown) =>
    JSON.stringify(of, (_, each) => (typeof each === 'bigint' ? String(each) : each)).slice(0, 60);
  const shown = inputs.map((input) => (typeof input === 'object' && 'data' in input ? input.data : input));
  return `${op} ${text(shown)} ${text(attributes)} (opset ${opset})`;
}
