/** What a network is trained as: not always what it is used as. */
import type { Node } from '../graph/node.ts';
import { colorizationNetwork, colourClassifier, type NetworkConfig } from './network.ts';

/**
 * Builds what learns: the logits of `colourClassifier` where a network has classes of colour, whose annealed mean has no
 * gradient; else `colorizationNetwork` itself. Shapes and errors are theirs.
 */
export function learner(config: NetworkConfig, lightness: Node, ...features: Node[]): Node {
  const build = config.temperature ? colourClassifier : colorizationNetwork;
  return build(config, lightness, ...features);
}
