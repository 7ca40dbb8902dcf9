/** Sections of the benchmark: the workloads of each table. */
import type { Gpu } from '../src/runtime/gpu.ts';
import { forwardPass, type WriteColorizer } from './colorizer.ts';
import { convolution } from './conv.ts';
import { DIRECTIONS, layersOf } from './layers.ts';
import { CLASSES, classOf, distinctLayers, MOBILE_NETWORKS, type MobileLayer, SIZES } from './mobile/architecture.ts';
import type { BenchOptions, Group } from './options.ts';
import { type StepSize, trainingStep } from './step.ts';
import type { Workload } from './workload.ts';

export interface Section {
  readonly title: string;
  readonly workloads: readonly Workload[];
}

/** What takes files, which only Node has. */
export interface Files {
  readonly colorizer: WriteColorizer;
  readonly inception: (gpu: Gpu, batch: number) => Promise<Workload>;
  readonly mobileLayer: (layer: MobileLayer) => Promise<Workload>;
  readonly photographs: (gpu: Gpu) => Promise<Workload[]>;
  /** EfficientNet-Lite0 on pictures of `size` x `size`. */
  readonly trunk: (size: number) => Promise<Workload>;
}

/** The tables of a group; without `files`, what can be measured without them. */
export async function sectionsOf(
  group: Group,
  gpu: Gpu,
  { quick, full, batch, network = '' }: Pick<BenchOptions, 'quick' | 'full' | 'batch'> & { readonly network?: string },
  files?: Files,
): Promise<Section[]> {
  switch (group) {
    case 'photograph':
      return files ? [{ title: 'A photograph at use', workloads: await files.photographs(gpu) }] : [];
    case 'mobile':
      return files ? mobileSections(files, network, quick) : [];
    case 'trunk': {
      if (!files) return [];
      const workloads = [await files.trunk(SIZES['EfficientNet-Lite0'])];
      return [{ title: 'EfficientNet-Lite0 up to its features', workloads }];
    }
    case 'conv':
      return (['colorizer', 'Inception-ResNet-v2'] as const).flatMap((which) =>
        DIRECTIONS.map((direction) => ({
          title: `Convolutions of ${which}, ${direction}, batch ${batch}, without bias and activation`,
          workloads: layersOf(which, direction, quick).map((layer) => convolution(layer, direction, batch)),
        })),
      );
    case 'forward':
      return [{ title: 'The whole network', workloads: [await forwardPass(files?.colorizer)] }];
    case 'step': {
      const sizes: StepSize[] = [{ batch: 4, size: 64 }, ...(full ? [{ batch: 100, size: 224 }] : [])];
      const workloads: Workload[] = [];
      for (const size of sizes) workloads.push(await trainingStep(gpu, size, quick ? 3 : 5));
      return [{ title: 'Training', workloads }];
    }
    case 'inception': {
      if (!files) return [];
      const workloads: Workload[] = [];
      for (const pictures of full ? [1, 16] : [1]) workloads.push(await files.inception(gpu, pictures));
      return [{ title: 'Inception-ResNet-v2', workloads }];
    }
  }
}

/** A table for each class of layers of each mobile network whose name has `network` in it. */
async function mobileSections(files: Files, network: string, quick: boolean): Promise<Section[]> {
  const sections: Section[] = [];
  for (const name of MOBILE_NETWORKS.filter((each) => each.toLowerCase().includes(network))) {
    for (const kind of CLASSES) {
      const layers = [...distinctLayers(name).values()].filter((layer) => classOf(layer) === kind);
      const chosen = layers.filter((_, i) => !quick || i % 4 === 0);
      const title = `${name}, ${SIZES[name]}x${SIZES[name]}: ${kind}, with bias and activation`;
      sections.push({ title, workloads: await Promise.all(chosen.map(files.mobileLayer)) });
    }
  }
  return sections;
}
