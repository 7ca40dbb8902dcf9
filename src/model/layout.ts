/** Which parameters a network has, and of which shapes: without a device, and whatever the pictures' size. */
import { reachable } from '../graph/node.ts';
import { input } from '../graph/ops/input.ts';
import { ParameterLayout } from '../graph/parameters.ts';
import { colorizationNetwork, type NetworkConfig, SIZE_MULTIPLE } from './network.ts';

/** Lays out the parameters of the network that `config` describes. */
export function layoutOf(config: NetworkConfig): ParameterLayout {
  const { embeddingWidth } = config;
  const embedding = embeddingWidth ? input('embedding', [1, 1, 1, embeddingWidth]) : undefined;
  const lightness = input('lightness', [1, SIZE_MULTIPLE, SIZE_MULTIPLE, 1]);
  return new ParameterLayout(reachable([colorizationNetwork(config, lightness, embedding)]));
}
