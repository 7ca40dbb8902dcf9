/** `koalarize average WEIGHTS… -o OUT.safetensors`: the mean of several weights of one training. */

import { averageWeights, type NamedWeights } from '../model/average.ts';
import { decodeWeights } from '../model/weights.ts';
import { sha256 } from '../onnx/sha256.ts';
import { readBytes } from '../runtime/node/adapters.ts';
import { writeWhole } from '../runtime/node/whole_file.ts';
import { expectApart, Originals } from './paths/identity.ts';
import { runCommand } from './shared/command.ts';
import { fileSize, print, printable, UsageError } from './shared/messages.ts';
import { path, type ValuesOf } from './shared/options.ts';

const help = `Writes the mean of several weights of one network, each trained on from another of them (a model soup).

  koalarize average WEIGHTS WEIGHTS… -o OUT.safetensors

It often errs less than each of them, and costs no more at use. Weights of trainings that began with different random ones
don't average: see what 'koalarize eval' says. The file tells the SHA-256 of those that it was made from.

  -o, --output FILE    where to write

Exit code: 0 written, 1 failed (with the reason), 2 wrong usage.
`;

const options = { output: path({ short: 'o', endings: ['.safetensors'] }) } as const;

/** Runs the command. @returns the exit code */
export function averageCommand(argv: string[]): Promise<number> {
  return runCommand({ name: 'average', help, options, argument: 'files of weights', several: true, run }, argv);
}

async function run(first: string, { output }: ValuesOf<typeof options>, more: readonly string[]): Promise<number> {
  const paths = [first, ...more];
  if (paths.length < 2) throw new UsageError({ expected: 'at least two files of weights', got: 1 });
  if (output === undefined) throw new UsageError({ expected: '-o OUT.safetensors', got: 'none' });
  await expectApart(await Originals.of(paths), { '-o': output });
  const sources: NamedWeights[] = [];
  const origins: string[] = [];
  for (const name of paths) {
    const bytes = await readBytes(name);
    sources.push({ name, weights: decodeWeights(bytes, name) });
    origins.push(await sha256(bytes));
  }
  const file = averageWeights(sources, origins);
  await writeWhole(output, file);
  print(`${printable(output)}  ${fileSize(file.length)}, the mean of ${paths.length} files\n`);
  return 0;
}
