/** Room `koalarize/train`: training networks of your own, and the paper's. */
export { colorizationNetwork, type NetworkConfig } from '../model/network.ts';
export { weightsMetadata } from '../model/weights.ts';
export { DivergedError } from '../runtime/errors.ts';
export * from '../train/index.ts';
