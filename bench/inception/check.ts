/** One ONNX file after the other: what ONNX Runtime's CPU provider computes from it, and what this project does. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { loadOnnx } from '../../src/onnx/load.ts';
import type { Gpu } from '../../src/runtime/gpu.ts';
import type { NetworkOptions } from './architecture.ts';
import type { Parameters } from './parameters.ts';
import { compare, type Difference, feed, reference } from './reference.ts';
import { type StyleName, writeNetwork } from './styles/index.ts';

export interface CheckResult extends Difference {
  readonly style: StyleName;
  readonly batch: number;
  readonly limit: number;
  /** Nodes of the optimized graph, and the dispatches that they take. */
  readonly operations: number;
  readonly dispatches: number;
  /** Seconds for compilation with the upload of weights, and for a run after that. */
  readonly compileSeconds: number;
  readonly runSeconds: number;
}

/** Whether an outcome is as close as it must be. */
export const passes = ({ difference, limit, sameClass }: CheckResult) => difference <= limit && sameClass;

export interface CheckOptions extends NetworkOptions {
  readonly batches: readonly number[];
  /** Where files are written, and whether they stay there. */
  readonly folder: string;
  readonly keep: boolean;
}

/** Writes the network in one style and compares the logits of both for each batch size. */
export async function check(
  gpu: Gpu,
  name: StyleName,
  parameters: Parameters,
  options: CheckOptions,
): Promise<CheckResult[]> {
  const path = join(options.folder, `inception-${name}.onnx`);
  const style = await write(path, name, parameters, options);
  const { inputName, logitsName } = style;
  try {
    const feeds = options.batches.map((batch) => feed(batch, options.size, style.layout));
    const expected = await reference(path, style, feeds);
    const model = await loadOnnx(gpu, path, { outputs: [logitsName] });
    const outcomes: CheckResult[] = [];
    for (const [i, picture] of feeds.entries()) {
      const start = performance.now();
      const executable = await model.compile({ [inputName]: picture.shape });
      await model.run({ [inputName]: picture });
      const compiled = performance.now();
      const { [logitsName]: logits } = await model.run({ [inputName]: picture });
      const end = performance.now();
      outcomes.push({
        style: name,
        batch: options.batches[i]!,
        limit: name === 'float16' ? 2e-2 : 1e-3,
        ...compare(logits!.data, expected[i]!, options.classes),
        operations: executable.operations,
        dispatches: executable.program.dispatches.length,
        compileSeconds: (compiled - start) / 1000,
        runSeconds: (end - compiled) / 1000,
      });
    }
    model.close();
    return outcomes;
  } finally {
    if (!options.keep) await Promise.all([path, `${path}.data`].map((file) => rm(file, { force: true })));
  }
}

/** Writes the file, and lets go of everything but what describes it. */
async function write(path: string, name: StyleName, parameters: Parameters, options: NetworkOptions) {
  const style = writeNetwork(name, options, parameters);
  await style.finish().write(path);
  const { inputName, logitsName, layout } = style;
  return { inputName, logitsName, layout };
}
