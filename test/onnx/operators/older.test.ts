/** The rules of old opsets, which ONNX Runtime does not have: each as the newer form that means the same. */
import { expect, test } from 'vitest';
import { loadOnnx } from '../../../src/onnx/load.ts';
import { gpu } from '../../support/gpu.ts';
import { type Argument, type Case, expectSame } from '../../support/oracle.ts';
import { model, node, tensor } from '../../support/proto_builder.ts';
import { random } from '../../support/random.ts';

/** As many channels as columns: what goes along the wrong axis fits, too. */
const x: Argument = [2, 3, 4, 3];

const cases: readonly (readonly [string, Case, Case])[] = [
  ...[1, 6].flatMap((opset): (readonly [string, Case, Case])[] => [
    ['a slope for each channel', { op: 'PRelu', inputs: [x, [3]], opset }, { op: 'PRelu', inputs: [x, [3, 1, 1]] }],
    ['one slope', { op: 'PRelu', inputs: [x, [1]], opset }, { op: 'PRelu', inputs: [x, [1]] }],
    [
      'a slope for each of two axes',
      { op: 'PRelu', inputs: [[5, 3], [3]], opset },
      { op: 'PRelu', inputs: [[5, 3], [3]] },
    ],
  ]),
  ...['Add', 'Sub', 'Mul', 'Div'].map(
    (op) =>
      [
        'beside axis 1',
        { op, inputs: [x, [3]], attributes: { broadcast: 1, axis: 1 }, opset: 6 },
        { op, inputs: [x, [3, 1, 1]] },
      ] as const,
  ),
  [
    'beside axes 1 and 2',
    { op: 'Sub', inputs: [x, [3, 4]], attributes: { broadcast: 1, axis: 1 }, opset: 6 },
    { op: 'Sub', inputs: [x, [3, 4, 1]] },
  ],
  [
    'beside the last axes',
    { op: 'Sub', inputs: [x, [4, 3]], attributes: { broadcast: 1 }, opset: 1 },
    { op: 'Sub', inputs: [x, [4, 3]] },
  ],
  [
    'one number beside any axis',
    { op: 'Div', inputs: [x, [1]], attributes: { broadcast: 1, axis: 0 }, opset: 6 },
    { op: 'Div', inputs: [x, [1]] },
  ],
  [
    'a comparison beside axis 1',
    { op: 'Less', inputs: [x, [3]], attributes: { broadcast: 1, axis: 1 }, opset: 1, type: 'bool' },
    { op: 'Less', inputs: [x, [3, 1, 1]], type: 'bool' },
  ],
  [
    'a summand for each column',
    { op: 'Gemm', inputs: [[3, 4], [4, 3], [3]], attributes: { broadcast: 1 }, opset: 6 },
    { op: 'Gemm', inputs: [[3, 4], [4, 3], [3]] },
  ],
  ...(['Softmax', 'LogSoftmax'] as const).map(
    (op) => ['all axes from 1 on', { op, inputs: [x], opset: 1 }, { op, inputs: [x], opset: 11 }] as const,
  ),
  [
    'bounds as attributes',
    { op: 'Clip', inputs: [x], attributes: { min: -0.5, max: 0.25 }, opset: 1 },
    { op: 'Clip', inputs: [x], attributes: { min: -0.5, max: 0.25 }, opset: 6 },
  ],
  [
    'a shape as attribute',
    { op: 'Reshape', inputs: [x], attributes: { shape: [0, -1] }, opset: 1 },
    { op: 'Flatten', inputs: [x] },
  ],
  [
    'paddings',
    { op: 'Pad', inputs: [x], attributes: { paddings: [0, 0, 1, 2, 0, 0, 0, 1], value: 1.5 }, opset: 1 },
    { op: 'Pad', inputs: [x], attributes: { pads: [0, 0, 1, 2, 0, 0, 0, 1], value: 1.5 }, opset: 10 },
  ],
  [
    'scales for height and width',
    { op: 'Upsample', inputs: [x], attributes: { height_scale: 1.5, width_scale: 2.5, mode: 'bilinear' }, opset: 1 },
    {
      op: 'Upsample',
      inputs: [x, { shape: [4], data: [1, 1, 1.5, 2.5], type: 'float32' }],
      attributes: { mode: 'linear' },
      opset: 9,
    },
  ],
  [
    'batch normalization for tests',
    {
      op: 'BatchNormalization',
      inputs: [x, [3], [3], [3], { shape: [3], data: [1, 2, 3], type: 'float32' }],
      attributes: { is_test: 1 },
      opset: 6,
    },
    {
      op: 'BatchNormalization',
      inputs: [x, [3], [3], [3], { shape: [3], data: [1, 2, 3], type: 'float32' }],
      opset: 9,
    },
  ],
];
test.each(cases.map(([what, older, newer]) => [older.op, older.opset, what, older, newer] as const))(
  '%s of opset %i: %s',
  (_, _opset, _what, older, newer) => expectSame(older, newer),
);

const refused: Record<string, [Case, string]> = {
  'other shapes without broadcast': [
    { op: 'Add', inputs: [x, [3]], opset: 6 },
    "expected equal shapes, as there is no 'broadcast'",
  ],
  'a slope for each of other channels': [{ op: 'PRelu', inputs: [x, [4]], opset: 6 }, 'expected a slope, or 3 of them'],
  'a slope that is larger than x': [{ op: 'PRelu', inputs: [[3], x] }, 'expected slopes that repeat to [3]'],
  'an axis that is none any more': [
    { op: 'Add', inputs: [x, [3]], attributes: { axis: 1, broadcast: 1 }, opset: 7 },
    'attributes of opsets before 7',
  ],
  'statistics of each element': [
    { op: 'BatchNormalization', inputs: [x, [3], [3], [3], [3]], attributes: { spatial: 0 }, opset: 7 },
    'its statistics are of each element',
  ],
  'statistics as outputs, before training_mode': [
    { op: 'BatchNormalization', inputs: [x, [3], [3], [3], [3]], outputs: 5, opset: 9 },
    'it is in training mode',
  ],
  'axes of Pad as an attribute': [
    { op: 'Pad', inputs: [x], attributes: { pads: [1, 1], axes: [2] }, opset: 10 },
    "attribute 'axes'",
  ],
  'parts that are not equal': [
    { op: 'Split', inputs: [x], outputs: 3, attributes: { axis: 2 }, opset: 13 },
    'expected 3 equal parts',
  ],
  'a concatenation without its axis': [{ op: 'Concat', inputs: [x, x], opset: 13 }, "expected attribute 'axis'"],
};
test.each(Object.entries(refused))(
  '%s are refused',
  async (_, [{ op, inputs, attributes, opset, outputs = 1 }, message]) => {
    const names = inputs.map((_, i) => `x${i}`);
    const results = Array.from({ length: outputs }, (_, i) => `y${i}`);
    const shapes = inputs as readonly (readonly number[])[];
    const bytes = model({
      nodes: [node(op, names, results, attributes)],
      inputs: { x0: shapes[0]! },
      outputs: ['y0'],
      initializers: shapes.slice(1).map((shape, i) => {
        const size = shape.reduce((product, extent) => product * extent, 1);
        return tensor(`x${i + 1}`, shape, random(size));
      }),
      ...(opset ? { opset } : {}),
    });
    const size = shapes[0]!.reduce((product, extent) => product * extent, 1);
    const attempt = loadOnnx(gpu, bytes).then((loaded) =>
      loaded.run({ x0: { data: random(size), shape: shapes[0]! } }),
    );
    await expect(attempt).rejects.toThrow(message);
  },
);
