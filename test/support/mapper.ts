/** A small network of feature maps as an ONNX file, and what it must answer, computed here in float64. */

import { encodeSafetensors } from '../../src/formats/safetensors.ts';
import { glorotUniform } from '../../src/graph/initializers.ts';
import { featuresOf, type MapsInfo } from '../../src/model/embedding.ts';
import { layoutOf } from '../../src/model/layout.ts';
import { weightsMetadata } from '../../src/model/weights.ts';
import { model, node, tensor } from './proto_builder.ts';
import { random } from './random.ts';

export const CHANNELS = 3;
const fine = random(CHANNELS * 3 * 16, 21).map((v) => 0.4 * v);
const coarse = random(CHANNELS * CHANNELS * 4, 22).map((v) => 0.5 * v);

/**
 * 4x4 pixels without overlap: `fine`, stride 4. ReLU, then 2x2 of those: `coarse`, stride 8.
 *
 * @param sides of the input as declared
 */
export function mapper(sides: readonly [number | string, number | string] = ['H', 'W'], opset = 17): Uint8Array {
  return model({
    opset,
    inputs: { picture: ['N', 3, ...sides] },
    outputs: { fine: ['N', CHANNELS, 'h', 'w'], coarse: ['N', CHANNELS, 'i', 'j'], mean: ['N', CHANNELS, 1, 1] },
    initializers: [tensor('k4', [CHANNELS, 3, 4, 4], fine), tensor('k2', [CHANNELS, CHANNELS, 2, 2], coarse)],
    nodes: [
      node('Conv', ['picture', 'k4'], ['fine'], { kernel_shape: [4, 4], strides: [4, 4] }),
      node('Relu', ['fine'], ['positive']),
      node('Conv', ['positive', 'k2'], ['coarse'], { kernel_shape: [2, 2], strides: [2, 2] }),
      node('GlobalAveragePool', ['coarse'], ['mean']),
    ],
  });
}

/** The maps [h, w, C] of a plane of codes 0…255, black and white as `range` says. */
export function mapsOf(
  codes: ArrayLike<number>,
  [height, width]: readonly [number, number],
  [black, white]: readonly [number, number],
): { fine: number[]; coarse: number[] } {
  const first = Array.from({ length: (height / 4) * (width / 4) * CHANNELS }, (_, i) => {
    const [cell, o] = [Math.floor(i / CHANNELS), i % CHANNELS];
    const [top, left] = [Math.floor(cell / (width / 4)) * 4, (cell % (width / 4)) * 4];
    let sum = 0;
    for (let tap = 0; tap < 48; tap++) {
      const [y, x] = [top + Math.floor((tap % 16) / 4), left + (tap % 4)];
      sum += fine[o * 48 + tap]! * (black + ((white - black) * codes[y * width + x]!) / 255);
    }
    return sum;
  });
  const second = Array.from({ length: (height / 8) * (width / 8) * CHANNELS }, (_, i) => {
    const [cell, o] = [Math.floor(i / CHANNELS), i % CHANNELS];
    const [top, left] = [Math.floor(cell / (width / 8)) * 2, (cell % (width / 8)) * 2];
    let sum = 0;
    for (let tap = 0; tap < 4 * CHANNELS; tap++) {
      const [c, y, x] = [Math.floor(tap / 4), top + Math.floor((tap % 4) / 2), left + (tap % 2)];
      sum += coarse[o * 4 * CHANNELS + tap]! * Math.max(0, first[(y * (width / 4) + x) * CHANNELS + c]!);
    }
    return sum;
  });
  return { fine: first, coarse: second };
}

/** A weights file of a small untrained network, colorful, whose colors depend on the maps. */
export function weightsFor(embedding: MapsInfo, gain = 10): Uint8Array {
  const network = { widthDivisor: 8, ...featuresOf(embedding) };
  const tensors = new Map(
    [...glorotUniform(layoutOf(network), 5)].map(([name, { shape, data }]) => {
      return [name, { shape, data: name === 'dec5.weight' ? data.map((v) => v * gain) : data }];
    }),
  );
  return encodeSafetensors({
    tensors,
    metadata: { ...weightsMetadata({ network, lightness: 'luma', embedding }), size: '32' },
  });
}
