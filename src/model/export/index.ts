/** Export of the colorizer as an ONNX file, for other runtimes. */
import { input } from '../../graph/ops/core/input.ts';
import { reshape } from '../../graph/ops/movement/reshape.ts';
import { encodeOnnx } from '../../onnx/export/encode.ts';
import { FormatError } from '../../runtime/errors.ts';
import { colorizationNetwork, featureShapes, sizeMultiple } from '../network.ts';
import type { Weights } from '../weights.ts';
import { encodeWhole } from './whole.ts';

/**
 * Encodes the network with its weights: input `lightness` [N, 1, H, W], L* / 50 − 1; for weights that need one, input
 * `embedding` [N, E], or the feature maps by their names [N, C, H / stride, W / stride]; output `chroma` [N, 2, H, W], a* / 127 and b* / 127. N is free; H and W are multiples of
 * `sizeMultiple`. The weights' metadata goes along.
 *
 * @throws FormatError for weights that do not fit their own description.
 */
export function exportColorizer({ network, embedding, tensors, metadata }: Weights): Uint8Array {
  const { embeddingWidth } = network;
  const multiple = sizeMultiple(network);
  // The smallest size: every other multiple has the same pads.
  const lightness = input('lightness', [1, multiple, multiple, 1]);
  const maps = embedding?.kind === 'maps' ? embedding.maps : [];
  const shapes = featureShapes(network, [1, multiple, multiple]);
  const features = embeddingWidth
    ? [reshape(input('embedding', [1, embeddingWidth]), [1, 1, 1, embeddingWidth])]
    : maps.map(({ output }, i) => input(output, shapes[i]!));
  return encodeOnnx({
    name: 'koalarize',
    description: [
      `Colors pictures. lightness [N, 1, H, W]: L* / 50 - 1, H and W multiples of ${multiple} (pad with the edge).`,
      ...(embeddingWidth ? [`embedding [N, ${embeddingWidth}]: what the feature extractor says of each picture.`] : []),
      ...maps.map(
        ({ output, channels, deviation }, i) =>
          `${output} [N, ${channels}, H / ${network.maps![i]!.stride}, W / ${network.maps![i]!.stride}]: the feature extractor's map, divided by ${deviation}.`,
      ),
      'chroma [N, 2, H, W]: a* / 127 and b* / 127.',
    ].join('\n'),
    outputs: { chroma: colorizationNetwork(network, lightness, ...features) },
    weights: tensors,
    dimensions: {
      lightness: ['N', 1, 'H', 'W'],
      chroma: ['N', 2, 'H', 'W'],
      ...(embeddingWidth && { embedding: ['N', embeddingWidth] }),
      ...Object.fromEntries(
        maps.map(({ output, channels }, i) => {
          const { stride } = network.maps![i]!;
          return [output, ['N', channels, `H/${stride}`, `W/${stride}`]];
        }),
      ),
    },
    metadata: { ...metadata, size_multiple: String(multiple) },
  });
}

/**
 * Encodes extractor and network as one file: input `grey` [N, 1, s H, s W], codes 0…255 of the picture's BT.601 luma at s
 * times the network's size, sides multiples of s · `sizeMultiple`; output `chroma` [N, 2, H, W].
 *
 * @param extractor the classifier's file that the weights were trained with, and what messages call it
 * @throws FormatError for weights without feature maps, or an extractor that can't be joined.
 */
export function exportWhole(weights: Weights, extractor: Uint8Array, name: string): Uint8Array {
  const { embedding, network } = weights;
  if (embedding?.kind !== 'maps') {
    throw new FormatError({
      where: 'export',
      expected: 'weights with feature maps',
      got: 'some without',
      hint: 'export the network alone',
    });
  }
  const { maps, scale, range, size } = embedding;
  if (size !== undefined) {
    throw new FormatError({
      where: name,
      expected: 'an extractor of pictures of any size',
      got: `one of ${size} x ${size}`,
      hint: 'export the network alone',
    });
  }
  const multiple = scale * sizeMultiple(network);
  const description = [
    `Colors pictures. grey [N, 1, ${scale} H, ${scale} W]: BT.601 luma 0...255, sides multiples of ${multiple} (pad with the edge).`,
    'chroma [N, 2, H, W]: a* / 127 and b* / 127.',
  ].join('\n');
  return encodeWhole({ network: exportColorizer(weights), extractor, name, maps, scale, range, description });
}
