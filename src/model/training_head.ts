/** Training head of a network: not always what it is used as. */
import type { Node } from '../graph/node.ts';
import { colorClassifier, colorizationNetwork, type NetworkConfig } from './network.ts';

/**
 * Builds what learns: the logits of `colorClassifier` where a network has classes of color, whose annealed mean has no
 * gradient; else `colorizationNetwork` itself. Shapes and errors are theirs.
 */
export function trainingHead(config: NetworkConfig, lightness: Node, ...features: Node[]): Node {
  const build = config.temperature ? colorClassifier : colorizationNetwork;
  return build(config, lightness, ...features);
}
