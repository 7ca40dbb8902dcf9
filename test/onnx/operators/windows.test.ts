/** Convolutions, pools and normalizations, in all forms of their attributes, against ONNX Runtime. */
import { test } from 'vitest';
import { type Argument, type Case, expectSame, floats } from '../../support/oracle.ts';
import { float } from '../../support/proto_builder.ts';

const x: Argument = [2, 5, 9, 8];

const convolutions: Record<string, Omit<Case, 'op'>> = {
  'no attributes': { inputs: [x, [6, 5, 3, 3]] },
  'with bias': { inputs: [x, [6, 5, 3, 3], [6]], attributes: { kernel_shape: [3, 3] } },
  'pads of all sides': { inputs: [x, [6, 5, 3, 2], [6]], attributes: { pads: [1, 0, 2, 1], strides: [2, 1] } },
  'SAME_UPPER, stride 2': { inputs: [x, [4, 5, 3, 4]], attributes: { auto_pad: 'SAME_UPPER', strides: [2, 2] } },
  'SAME_LOWER, stride 2': { inputs: [x, [4, 5, 3, 4]], attributes: { auto_pad: 'SAME_LOWER', strides: [2, 2] } },
  'SAME_UPPER, stride 3 on a small kernel': {
    inputs: [x, [4, 5, 1, 2]],
    attributes: { auto_pad: 'SAME_UPPER', strides: [3, 3] },
  },
  VALID: { inputs: [x, [4, 5, 1, 7]], attributes: { auto_pad: 'VALID' } },
  dilated: { inputs: [x, [4, 5, 3, 3], [4]], attributes: { dilations: [2, 3], pads: [2, 3, 2, 3] } },
  groups: { inputs: [[1, 6, 7, 7], [8, 3, 3, 3], [8]], attributes: { group: 2, pads: [1, 1, 1, 1] } },
  depthwise: { inputs: [[1, 8, 7, 7], [8, 1, 3, 3], [8]], attributes: { group: 8, strides: [2, 2] } },
  'depthwise 5x5, SAME_UPPER, stride 2': {
    inputs: [[1, 6, 9, 8], [6, 1, 5, 5], [6]],
    attributes: { group: 6, strides: [2, 2], auto_pad: 'SAME_UPPER' },
  },
  'depthwise 3x3 without bias': {
    inputs: [
      [2, 4, 5, 11],
      [4, 1, 3, 3],
    ],
    attributes: { group: 4, pads: [1, 1, 1, 1] },
  },
  'depthwise with multiplier': {
    inputs: [
      [1, 3, 7, 7],
      [6, 1, 3, 3],
    ],
    attributes: { group: 3 },
  },
  '1-D': { inputs: [[2, 3, 11], [4, 3, 5], [4]], attributes: { pads: [2, 1], strides: [2] } },
  '1-D, dilated, groups': {
    inputs: [
      [2, 4, 11],
      [6, 2, 3],
    ],
    attributes: { dilations: [2], group: 2 },
  },
  '3-D': { inputs: [[1, 2, 4, 5, 6], [3, 2, 2, 3, 1], [3]], attributes: { pads: [1, 0, 2, 0, 1, 1] } },
  '3-D, groups, SAME_LOWER': {
    inputs: [
      [1, 4, 5, 5, 6],
      [4, 2, 2, 3, 2],
    ],
    attributes: { group: 2, auto_pad: 'SAME_LOWER', strides: [1, 2, 3] },
  },
};
test.each(Object.entries(convolutions))('Conv: %s', (_, of) => expectSame({ op: 'Conv', ...of }));

const transposed: Record<string, Omit<Case, 'op'>> = {
  'no attributes': { inputs: [[2, 5, 4, 6], [5, 3, 3, 3], [3]] },
  'strides and pads': {
    inputs: [[1, 4, 4, 6], [4, 8, 4, 4], [8]],
    attributes: { strides: [2, 2], pads: [1, 1, 1, 1] },
  },
  'uneven pads': {
    inputs: [
      [1, 3, 4, 6],
      [3, 4, 3, 4],
    ],
    attributes: { strides: [2, 3], pads: [0, 1, 2, 0] },
  },
  output_padding: {
    inputs: [
      [1, 3, 4, 6],
      [3, 4, 3, 3],
    ],
    attributes: { strides: [2, 3], pads: [1, 1, 1, 1], output_padding: [1, 2] },
  },
  output_shape: {
    inputs: [
      [1, 3, 3, 3],
      [3, 2, 3, 3],
    ],
    attributes: { strides: [3, 2], output_shape: [10, 8] },
  },
  'output_shape, odd pads': {
    inputs: [
      [1, 3, 3, 3],
      [3, 2, 4, 4],
    ],
    attributes: { strides: [2, 2], output_shape: [5, 7] },
  },
  SAME_UPPER: {
    inputs: [
      [1, 3, 3, 4],
      [3, 2, 4, 3],
    ],
    attributes: { strides: [3, 2], auto_pad: 'SAME_UPPER' },
  },
  SAME_LOWER: {
    inputs: [
      [1, 3, 3, 4],
      [3, 2, 4, 3],
    ],
    attributes: { strides: [3, 2], auto_pad: 'SAME_LOWER' },
  },
  VALID: {
    inputs: [
      [1, 3, 3, 4],
      [3, 2, 4, 3],
    ],
    attributes: { strides: [3, 2], auto_pad: 'VALID' },
  },
  dilated: {
    inputs: [
      [1, 3, 4, 6],
      [3, 4, 3, 2],
    ],
    attributes: { dilations: [2, 3], pads: [1, 0, 1, 2] },
  },
  'dilated, output_padding, more pads than kernel': {
    inputs: [
      [1, 3, 4, 6],
      [3, 4, 2, 2],
    ],
    attributes: { dilations: [1, 2], strides: [2, 2], pads: [2, 2, 1, 2], output_padding: [1, 0] },
  },
  groups: { inputs: [[2, 6, 4, 5], [6, 4, 3, 3], [12]], attributes: { group: 3, strides: [2, 1] } },
  '1-D': { inputs: [[2, 3, 5], [3, 4, 4], [4]], attributes: { strides: [2], pads: [1, 1] } },
  '3-D': {
    inputs: [[1, 3, 3, 4, 2], [3, 2, 2, 3, 3], [2]],
    attributes: { strides: [2, 1, 2], pads: [0, 1, 1, 0, 1, 1], output_padding: [1, 0, 1] },
  },
};
test.each(Object.entries(transposed))('ConvTranspose: %s', (_, of) => expectSame({ op: 'ConvTranspose', ...of }));

const windows: Record<string, Omit<Case, 'op' | 'inputs'> & { x?: Argument }> = {
  plain: { attributes: { kernel_shape: [3, 2] } },
  'strides and pads': { attributes: { kernel_shape: [3, 3], strides: [2, 3], pads: [1, 0, 2, 1] } },
  'ceil mode': { attributes: { kernel_shape: [2, 3], strides: [2, 2], ceil_mode: 1 } },
  'ceil mode, no window in the padding behind': {
    x: [1, 3, 5, 6],
    attributes: { kernel_shape: [2, 2], strides: [3, 3], pads: [1, 1, 1, 1], ceil_mode: 1 },
  },
  'ceil mode, pads': {
    attributes: { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1], ceil_mode: 1 },
    opset: 19,
  },
  SAME_UPPER: { attributes: { kernel_shape: [2, 3], strides: [2, 2], auto_pad: 'SAME_UPPER' } },
  SAME_LOWER: { attributes: { kernel_shape: [2, 3], strides: [2, 2], auto_pad: 'SAME_LOWER' } },
  VALID: { attributes: { kernel_shape: [4, 3], strides: [2, 2], auto_pad: 'VALID' } },
  'opset 7': { attributes: { kernel_shape: [3, 3], pads: [1, 1, 1, 1] }, opset: 7 },
  dilated: { attributes: { kernel_shape: [3, 2], dilations: [2, 3], pads: [1, 1, 1, 1] }, opset: 19 },
  '1-D': { x: [2, 3, 11], attributes: { kernel_shape: [3], strides: [2], pads: [1, 0] } },
  '3-D': { x: [1, 3, 5, 6, 4], attributes: { kernel_shape: [2, 3, 2], strides: [2, 1, 1], pads: [1, 1, 0, 0, 1, 1] } },
};
test.each(Object.entries(windows))('MaxPool: %s', (_, { x: own = x, ...of }) =>
  expectSame({ op: 'MaxPool', inputs: [own], ...of }),
);
test.each(Object.entries(windows))('AveragePool: %s', (_, { x: own = x, ...of }) =>
  expectSame({ op: 'AveragePool', inputs: [own], ...of }),
);
test.each(Object.entries(windows))('AveragePool: %s, padding counted', (_, { x: own = x, attributes, ...of }) =>
  expectSame({ op: 'AveragePool', inputs: [own], attributes: { ...attributes, count_include_pad: 1 }, ...of }),
);

test.each(['GlobalAveragePool', 'GlobalMaxPool'])('%s', async (op) => {
  for (const shape of [x, [2, 3, 7], [2, 3, 2, 4, 5]]) await expectSame({ op, inputs: [shape] });
});

const variance = floats([5], 0.5, 1.25, 3, 1e-4, 7);
test.each([7, 9, 14, 15])('BatchNormalization of opset %i', async (opset) => {
  for (const shape of [x, [3, 5], [2, 5, 3], [1, 5, 2, 3, 2]]) {
    await expectSame({ op: 'BatchNormalization', inputs: [shape, [5], [5], [5], variance], opset });
  }
  const attributes = { epsilon: float(1e-3), momentum: float(0.99) };
  await expectSame({ op: 'BatchNormalization', inputs: [x, [5], [5], [5], variance], attributes, opset });
});

test('LRN', async () => {
  await expectSame({ op: 'LRN', inputs: [x], attributes: { size: 3 } });
  const attributes = { size: 5, alpha: float(0.3), beta: float(0.6), bias: float(2) };
  await expectSame({ op: 'LRN', inputs: [x], attributes });
});
