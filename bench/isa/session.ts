/** One call of `npm run isa`: its tools, a folder for itself, and kernels compiled with both. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { resolve } from 'node:path';
import type { DeviceTraits } from '../../src/kernels/core/emit.ts';
import { anv } from './anv.ts';
import { makerOf } from './gpus.ts';
import type { Picked } from './layers.ts';
import type { Options } from './options.ts';
import { type Kernel, marks } from './output.ts';
import { ptxas } from './ptxas.ts';
import { radv } from './radv.ts';
import { type RunOptions, run } from './run.ts';
import { openTools, type Tools } from './tools.ts';

/** Where scripts/isa.js has bundled the programs, from the checkout's root. */
const BUNDLES = '.cache/isa';

export type ProgramName = 'kernels' | 'layers' | 'rivals' | 'host';

/** Kernels, and what did not compile. */
export interface Compiled {
  readonly adapter: string | undefined;
  readonly kernels: readonly Kernel[];
  readonly errors: readonly string[];
}

export class Session {
  readonly tools: Tools;
  readonly scratch: string;
  readonly options: Options;

  /** @throws Complaint where the compilers are missing */
  constructor(options: Options) {
    this.options = options;
    this.tools = openTools();
    mkdirSync(BUNDLES, { recursive: true });
    this.scratch = mkdtempSync(resolve(BUNDLES, 'run-'));
    process.on('exit', () => rmSync(this.scratch, { recursive: true, force: true }));
    for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(1));
  }

  /** Runs a program of bench/isa/programs/. @returns what it printed. @throws Complaint where it ended early */
  start(name: ProgramName, gpu: string, argument: object, more: RunOptions = {}): string {
    const { subgroup, dawn } = this.options;
    return run(this.tools, this.scratch, gpu, resolve(BUNDLES, `${name}.js`), argument, { subgroup, dawn, ...more });
  }

  compile(gpu: string, patterns: readonly string[]): Compiled {
    return this.#compiled(gpu, this.start('kernels', gpu, { patterns, precision: this.options.precision }));
  }

  rivals(gpu: string): Compiled {
    return this.#compiled(gpu, this.start('rivals', gpu, { gradients: !this.options.forward }, { answers: true }));
  }

  /** What the cost model picks. */
  layers(gpu: string): Picked[] {
    const { batches, inception, precision, subgroup } = this.options;
    const traits: Partial<DeviceTraits> = {
      // NVIDIA's kernels pass through an AMD device.
      ...(makerOf(gpu) === 'NVIDIA' && {
        subgroupSize: 32,
        subgroupSizes: [32, 32],
        vendor: 'nvidia',
        architecture: '',
      }),
      ...(subgroup && { subgroupSize: subgroup }),
    };
    const text = this.start('layers', gpu, { batches, inception, precision, traits }, { quiet: true });
    return marks(text, 'LAYER').map((line) => JSON.parse(line) as Picked);
  }

  #compiled(gpu: string, text: string): Compiled {
    const { subgroup } = this.options;
    const maker = makerOf(gpu);
    const kernels =
      maker === 'AMD'
        ? radv(text, subgroup)
        : maker === 'Intel'
          ? anv(text)
          : ptxas(this.tools, resolve('bench/isa/native/nvidia.py'), gpu, text);
    return { adapter: marks(text, 'ADAPTER')[0], kernels, errors: marks(text, 'ERROR') };
  }
}
