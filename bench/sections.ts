/** Which workloads make up which table. */
import type { Gpu } from '../src/runtime/gpu.ts';
import { forwardPass, type WriteColorizer } from './colorizer.ts';
import { convolution } from './conv.ts';
import { DIRECTIONS, layersOf } from './layers.ts';
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
}

/** The tables of a group; without `files`, what can be measured without them. */
export async function sectionsOf(
  group: Group,
  gpu: Gpu,
  { quick, full, batch }: Pick<BenchOptions, 'quick' | 'full' | 'batch'>,
  files?: Files,
): Promise<Section[]> {
  switch (group) {
    case 'conv':
      return (['colorizer', 'Inception-ResNet-v2'] as const).flatMap((network) =>
        DIRECTIONS.map((direction) => ({
          title: `Convolutions of ${network}, ${direction}, batch ${batch}, without bias and activation`,
          workloads: layersOf(network, direction, quick).map((layer) => convolution(layer, direction, batch)),
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
