/** The layers of mobile networks: as many, and as much to multiply, as their papers say. */
import { expect, test } from 'vitest';
import { distinctLayers, type MobileNetwork, mobileLayers } from '../../bench/mobile/architecture.ts';
import { productsOf, weightShape } from '../../bench/mobile/weights.ts';
import { sizeOf } from '../../src/graph/node.ts';

const multiplyAdds = (network: MobileNetwork, size: number) =>
  mobileLayers(network, size).reduce(
    (sum, layer) => sum + Math.ceil(layer.size / layer.stride) ** 2 * layer.outputs * productsOf(layer),
    0,
  );

// The papers count a classifier too: 1280 x 1000.
test.each([
  ['EfficientNet-Lite0', 224, 407e6],
  ['MobileNetV2', 224, 300e6],
] as const)('%s at %i has %i multiply-adds', (network, size, expected) => {
  const count = multiplyAdds(network, size) + 1.28e6;
  expect(count / expected).toBeGreaterThan(0.94);
  expect(count / expected).toBeLessThan(1.05);
});

test('EfficientNet-Lite0 has its weights', () => {
  const weights = mobileLayers('EfficientNet-Lite0').reduce((sum, layer) => sum + sizeOf(weightShape(layer)), 0);
  // 4.65 million with batch normalization and classifier.
  expect(weights + 1.28e6).toBeGreaterThan(4.55e6);
  expect(weights + 1.28e6).toBeLessThan(4.65e6);
});

test.each([
  ['EfficientNet-Lite0', 49, 128],
  ['MobileNetV2', 52, 112],
  ['MobileNetV3-large', 46, 112],
] as const)('%s is a chain of %i layers', (network, count, second) => {
  const layers = mobileLayers(network);
  expect(layers).toHaveLength(count);
  expect(layers[1]!.size).toBe(second);
  layers.slice(1).forEach((layer, i) => {
    expect(layer.inputs).toBe(layers[i]!.outputs);
    expect(layer.size).toBe(Math.ceil(layers[i]!.size / layers[i]!.stride));
    // A block's input, of the same shape as its output.
    if (layer.residual) expect(layers[i + 1 - layer.residual]!.inputs).toBe(layer.outputs);
  });
  expect(distinctLayers(network).size).toBeLessThan(count);
});
