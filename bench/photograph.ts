/**
 * Photographs as they are colored at use: the host's part, the extractor and the network, by the weights of the package and
 * by the paper's network at its full width without an extractor. No rival does this.
 */

import { encodeSafetensors } from '../src/formats/safetensors.ts';
import { glorotUniform } from '../src/graph/initializers.ts';
import { reachable } from '../src/graph/node.ts';
import { input } from '../src/graph/ops/core/input.ts';
import type { Quality } from '../src/image/raster/views.ts';
import { Colorizer } from '../src/model/colorizer.ts';
import { layoutOf } from '../src/model/layout.ts';
import { MapExtractor } from '../src/model/maps.ts';
import { colorizationNetwork, featureShapes, type NetworkConfig } from '../src/model/network.ts';
import { defaultExtractor } from '../src/model/package_files.ts';
import { type Weights, weightsMetadata } from '../src/model/weights.ts';
import type { Gpu } from '../src/runtime/gpu.ts';
import { convolutionFlops, uniform, type Workload } from './workload.ts';

/** Pixels of the photograph: a scan of today's screens' size. */
const PHOTOGRAPH = { width: 1024, height: 768 };
/** Pixels of its shorter side in the network. */
const RENDER_SIZE = 128;
/** In the network: multiples of all cells. */
const PLANE = { height: 128, width: 176 };

/** The workloads: the package's weights fast and best, and the paper's network. */
export async function photographs(gpu: Gpu): Promise<Workload[]> {
  const shipped = await Colorizer.load({ gpu });
  const { weights } = shipped;
  await shipped.close();
  const flops = (await extractorFlops(gpu, weights)) + networkFlops(weights.network);
  const paper = { widthDivisor: 1, embeddingWidth: 0 };
  return [
    workload('weights and extractor of the package, fast', flops, undefined, 'fast'),
    // Two sizes, the larger with 1.5² times the pixels, each mirrored too.
    workload('weights and extractor of the package, best', flops * 2 * (1 + 1.5 ** 2), undefined, 'best'),
    workload("the paper's network, all channels, no extractor", networkFlops(paper), paper, 'fast'),
  ];
}

function workload(name: string, flops: number, network: NetworkConfig | undefined, quality: Quality): Workload {
  return {
    name: `${PHOTOGRAPH.width}x${PHOTOGRAPH.height}, at ${RENDER_SIZE}: ${name}`,
    flops,
    checkRuns: 1,
    queueable: false,
    tolerance: () => 0,
    async ours(gpu) {
      const colorizer = await Colorizer.load({ gpu, ...(network && { weights: randomWeights(network) }) });
      const values = uniform(PHOTOGRAPH.width * PHOTOGRAPH.height, 5);
      const data = Uint8ClampedArray.from({ length: 4 * values.length }, (_, i) => 128 + 100 * values[i >> 2]!);
      const picture = { data, ...PHOTOGRAPH };
      const chroma = () => colorizer.chroma(picture, { renderSize: RENDER_SIZE, quality });
      return {
        async run(times) {
          for (let i = 0; i < times; i++) await chroma();
        },
        result: async () => (await chroma()).data,
        free: () => void colorizer.close(),
      };
    },
    rivals: {},
  };
}

function randomWeights(network: NetworkConfig): Uint8Array {
  const metadata = { ...weightsMetadata({ network, lightness: 'luma' }), size: String(RENDER_SIZE) };
  return encodeSafetensors({ tensors: glorotUniform(layoutOf(network), 1), metadata }, 'F16');
}

function networkFlops(network: NetworkConfig): number {
  const { height, width } = PLANE;
  const features = featureShapes(network, [1, height, width]).map((shape, i) => input(`feature${i}`, shape));
  const chroma = colorizationNetwork(network, input('lightness', [1, height, width, 1]), ...features);
  return convolutionFlops(reachable([chroma]));
}

async function extractorFlops(gpu: Gpu, { embedding }: Weights): Promise<number> {
  if (embedding?.kind !== 'maps') return 0;
  const extractor = await MapExtractor.open(gpu, defaultExtractor(), undefined, embedding);
  const { scale } = embedding;
  const maps = extractor.build(input('grey', [1, PLANE.height * scale, PLANE.width * scale, 1]));
  await extractor.close();
  return convolutionFlops(reachable(maps));
}
