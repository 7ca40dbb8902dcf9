import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { convolution } from '../../bench/conv.ts';
import { COLORIZER, DIRECTIONS, INCEPTION, layersOf, parseLayer } from '../../bench/layers.ts';
import { outputsFirst } from '../../bench/rivals/onnx_files.ts';

test('a layer is what its text says', () => {
  expect(parseLayer('mixed6a 3x3 35x35 320→384 /2 valid')).toEqual({
    text: 'mixed6a 3x3 35x35 320→384 /2 valid',
    name: 'mixed6a',
    kernel: [3, 3],
    size: 35,
    channels: [320, 384],
    stride: 2,
    padding: 'valid',
  });
  expect(parseLayer('a 1x7 17x17 128→160')).toMatchObject({ kernel: [1, 7], stride: 1, padding: 'same' });
  expect(() => parseLayer('a 1x7 17x18 128→160')).toThrow("layer: expected 'NAME KHxKW SxS CIN→COUT'");
});

test('the colorizer is 14 layers forwards, one fewer for the gradient of its inputs', () => {
  const count = DIRECTIONS.map((direction) => layersOf('colorizer', direction, false).length);
  expect(count).toEqual([14, 13, 14]);
  for (const network of ['colorizer', 'Inception-ResNet-v2'] as const)
    for (const direction of DIRECTIONS) expect(layersOf(network, direction, true).length).toBeGreaterThan(0);
});

test('operations and bytes of a layer, in all directions', () => {
  // 17 x 17 outputs of 384 channels, each a sum over 9 · 320 products.
  const layer = parseLayer('mixed6a 3x3 35x35 320→384 /2 valid');
  const arrays = 35 * 35 * 320 + 9 * 320 * 384 + 17 * 17 * 384;
  for (const direction of DIRECTIONS) {
    const { flops, bytes } = convolution(layer, direction, 2);
    expect(flops).toBe(2 * 2 * 17 * 17 * 384 * 9 * 320);
    expect(bytes).toBe(4 * (2 * arrays - 9 * 320 * 384));
  }
});

test('outputsFirst turns [KH, KW, Cin, Cout] into [Cout, Cin, KH, KW]', () => {
  // One tap of two inputs and three outputs after the other: the value says tap, input, output.
  const values = [0, 1].flatMap((tap) => [0, 1].flatMap((ci) => [0, 1, 2].map((co) => 100 * tap + 10 * ci + co)));
  expect([...outputsFirst(Float32Array.from(values), 2, 3)]).toEqual([
    0, 100, 10, 110, 1, 101, 11, 111, 2, 102, 12, 112,
  ]);
});

test('bench/pytorch.py has the same layers under the same names', () => {
  const source = readFileSync(resolve(import.meta.dirname, '../../bench/pytorch.py'), 'utf8');
  const list = (name: string) => {
    const [, body] = new RegExp(`^${name} = \\[\\n([\\s\\S]*?)^\\]`, 'm').exec(source)!;
    return [...body!.matchAll(/"(.*)"/g)].map(([, text]) => text);
  };
  expect(list('COLORIZER')).toEqual(COLORIZER);
  expect(list('INCEPTION')).toEqual(INCEPTION);
});
