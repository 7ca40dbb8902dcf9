#!/usr/bin/env node
/** The `koalarize` program: finds the command and runs it. */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { nearest } from '../runtime/nearest.ts';
import { colorizeCommand } from './colorize/index.ts';
import { devices } from './devices.ts';
import { endOnClosedPipe, print, UsageError, usage } from './shared/messages.ts';
import { flag, parseOptions } from './shared/options.ts';
import { train } from './train/index.ts';

const HELP = `koalarize – colors black-and-white photographs

  koalarize IMAGE|FOLDER… -o OUT     color photographs (koalarize colorize --help)
  koalarize enqueue FOLDER… -o OUT   put photographs into a queue, for many machines; 'work' colors them, 'status' tells how far
  koalarize verify OUT               is each photograph colored, once, and undamaged? By the ledger in OUT
  koalarize serve                    color what is posted to it: an HTTP service
  koalarize train DIR…               train on a folder of photographs
  koalarize eval DIR                 metrics on color photographs, compared with all-grey and mean-color baselines
  koalarize study DIR -o study.html  a blind test for people: fake or real? (and statistics of the answers)
  koalarize compare DIR WITH… -o F   checkpoints, weights and others' pictures side by side, with metrics
  koalarize inspect FILE             what an .onnx or .safetensors file holds, and what is not supported
  koalarize export WEIGHTS -o M.onnx the colorizer as ONNX, for other runtimes
  koalarize average WEIGHTS… -o F    the mean of several weights of one training
  koalarize conformance DIR          run a folder of ONNX backend node tests
  koalarize devices                  list the devices there are, and which one is used

Examples
  koalarize grandmother.jpg -o grandmother-color.jpg
  koalarize old/ -o new/ --skip-existing
  koalarize train photos/ --size 128 --epochs 20

Each command explains itself with --help. Nothing is ever uploaded or downloaded.
`;

const commands: ReadonlyMap<string, (argv: string[]) => Promise<number>> = new Map([
  ['colorize', colorizeCommand],
  ['train', train],
  // Loaded when they are asked for: most need protobuf.
  ['inspect', async (argv: string[]) => (await import('./inspect/index.ts')).inspectCommand(argv)],
  ['export', async (argv: string[]) => (await import('./export.ts')).exportCommand(argv)],
  ['average', async (argv: string[]) => (await import('./average.ts')).averageCommand(argv)],
  ['conformance', async (argv: string[]) => (await import('./conformance/index.ts')).conformanceCommand(argv)],
  ['verify', async (argv: string[]) => (await import('./verify/index.ts')).verifyCommand(argv)],
  ['enqueue', async (argv: string[]) => (await import('./queue/enqueue.ts')).enqueueCommand(argv)],
  ['work', async (argv: string[]) => (await import('./queue/work.ts')).workCommand(argv)],
  ['status', async (argv: string[]) => (await import('./queue/status.ts')).statusCommand(argv)],
  ['eval', async (argv: string[]) => (await import('./eval/index.ts')).evalCommand(argv)],
  ['study', async (argv: string[]) => (await import('./study/index.ts')).studyCommand(argv)],
  ['compare', async (argv: string[]) => (await import('./compare/index.ts')).compareCommand(argv)],
  ['serve', async (argv: string[]) => (await import('./serve/index.ts')).serveCommand(argv)],
  ['devices', devicesCommand],
]);

async function devicesCommand(argv: string[]): Promise<number> {
  const help =
    'Lists the devices there are, with features and limits, and says which one is used.\n\n  koalarize devices [--json]\n';
  try {
    const parsed = parseOptions({ json: flag() }, argv);
    if (!parsed.help && parsed.words.length === 0) return devices({ json: parsed.values.json ?? false });
    if (!parsed.help) throw new UsageError({ expected: '--json or nothing', got: `'${parsed.words[0]}'` });
    print(help);
    return 0;
  } catch (cause) {
    if (cause instanceof UsageError) return usage(cause.message, 'koalarize devices --help');
    throw cause;
  }
}

async function main(argv: string[]): Promise<number> {
  const [first, ...rest] = argv;
  if (first === undefined || first === '--help' || first === '-h' || first === 'help') {
    print(HELP);
    return first === undefined ? 2 : 0;
  }
  if (first === '--version') {
    const { version } = createRequire(import.meta.url)('../package.json') as { version: string };
    print(`${version}\n`);
    return 0;
  }
  const command = commands.get(first);
  if (command) return command(rest);
  // A word that could be neither a path nor an option is a command that was meant otherwise.
  if (/^\w+$/.test(first) && !existsSync(first)) {
    const names = [...commands.keys()];
    const near = nearest(first, names);
    const got = `got '${first}', which is none of them`;
    return usage(
      `expected ${names.join(', ')}, an image or a folder, ${got}${near ? ` – did you mean '${near}'?` : ''}`,
      'koalarize --help',
    );
  }
  return colorizeCommand(argv);
}

endOnClosedPipe();
// Dawn keeps threads that would keep the process alive: end it, with its own exit code.
process.exit(await main(process.argv.slice(2)));
