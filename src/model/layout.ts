/** Parameters of a network and their shapes: without a device, and whatever the pictures' size. */
import { reachable } from '../graph/node.ts';
import { input } from '../graph/ops/core/input.ts';
import { ParameterLayout } from '../graph/parameters.ts';
import { colorizationNetwork, featureShapes, type NetworkConfig, sizeMultiple } from './network.ts';

/** Lays out the parameters of the network that `config` describes. */
export function layoutOf(config: NetworkConfig): ParameterLayout {
  const side = sizeMultiple(config);
  const features = featureShapes(config, [1, side, side]).map((shape, i) => input(`feature${i}`, shape));
  return new ParameterLayout(
    reachable([colorizationNetwork(config, input('lightness', [1, side, side, 1]), ...features)]),
  );
}
