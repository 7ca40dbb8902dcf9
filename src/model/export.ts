/** The colorizer as an ONNX file, for other runtimes. */
import type { Node } from '../graph/node.ts';
import { input } from '../graph/ops/input.ts';
import { reshape } from '../graph/ops/reshape.ts';
import { encodeOnnx } from '../onnx/export/encode.ts';
import { colorizationNetwork, SIZE_MULTIPLE } from './network.ts';
import type { Weights } from './weights.ts';

/**
 * Encodes the network with its weights: input `lightness` [N, 1, H, W], L* / 50 − 1; for weights that need one, input
 * `embedding` [N, E]; output `chroma` [N, 2, H, W], a* / 127 and b* / 127. N is free; H and W are multiples of 8.
 * The weights' metadata goes along.
 *
 * @throws FormatError for weights that do not fit their own description.
 */
export function exportColorizer({ network, tensors, metadata }: Weights): Uint8Array {
  const { embeddingWidth } = network;
  const features = embeddingWidth ? input('embedding', [1, embeddingWidth]) : undefined;
  // The smallest size: every other multiple has the same pads.
  const lightness = input('lightness', [1, SIZE_MULTIPLE, SIZE_MULTIPLE, 1]);
  const pixel: Node | undefined = features && reshape(features, [1, 1, 1, embeddingWidth]);
  return encodeOnnx({
    name: 'koalarize',
    description: [
      `Colours pictures. lightness [N, 1, H, W]: L* / 50 - 1, H and W multiples of ${SIZE_MULTIPLE} (pad with the edge).`,
      ...(embeddingWidth ? [`embedding [N, ${embeddingWidth}]: what the feature extractor says of each picture.`] : []),
      'chroma [N, 2, H, W]: a* / 127 and b* / 127.',
    ].join('\n'),
    outputs: { chroma: colorizationNetwork(network, lightness, pixel) },
    weights: tensors,
    dimensions: {
      lightness: ['N', 1, 'H', 'W'],
      chroma: ['N', 2, 'H', 'W'],
      ...(embeddingWidth && { embedding: ['N', embeddingWidth] }),
    },
    metadata: { ...metadata, size_multiple: String(SIZE_MULTIPLE) },
  });
}
