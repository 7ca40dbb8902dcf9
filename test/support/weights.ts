/** A weights file for tests: a small network whose weights are random. */

import { encodeSafetensors } from '../../src/formats/safetensors.ts';
import { glorotUniform } from '../../src/graph/initializers.ts';
import { reachable } from '../../src/graph/node.ts';
import { input } from '../../src/graph/ops/core/input.ts';
import { ParameterLayout } from '../../src/graph/parameters.ts';
import { colorizationNetwork } from '../../src/model/network.ts';
import { weightsMetadata } from '../../src/model/weights.ts';

/** @param gain what the last layer's weights are multiplied by, so that there is color */
export function testWeights(gain = 30, widthDivisor = 8): Uint8Array<ArrayBuffer> {
  const network = { widthDivisor, embeddingWidth: 0 };
  const answer = colorizationNetwork(network, input('lightness', [1, 8, 8, 1]));
  const tensors = new Map(
    [...glorotUniform(new ParameterLayout(reachable([answer])), 5)].map(([name, { shape, data }]) => {
      return [name, { shape, data: name === 'dec5.weight' ? data.map((v) => v * gain) : data }];
    }),
  );
  return encodeSafetensors({ tensors, metadata: weightsMetadata({ network, lightness: 'luma' }) });
}
