/** Arguments of `npm run isa`. */
import { parseArgs } from 'node:util';
import type { Precision } from '../../src/runtime/adapter.ts';
import { Complaint } from './complaint.ts';

export const HELP = `usage: npm run isa -- COMMAND [options]

The machine code that GPUs' compilers make of the kernels, without a GPU. Nothing is executed.

  setup [--no-intel]          installs the compilers into ~/.cache/koalarize-isa (370 MB, some minutes); no root
  kernels [PATTERN...]        registers, spills, occupancy and the main loop of kernels
      PATTERN                 NAME, NAME/CHOICE or NAME/CHOICE/CHOICE, * in NAME stands for anything; default: those that
                              the cost model picks for the colorizer's convolutions
      --all                   every kernel in all of its variants
      --layers                says what it picks for which
      --inception             and for the feature extractor's
      --batch 1,16            of so many pictures (the default)
  dump KERNEL VARIANT         the disassembly, to a file; VARIANT as in a PATTERN, - for none
      --out FILE              (default: KERNEL_VARIANT.GPU.s)
  rivals [--forward]          TensorFlow.js' and ONNX Runtime's kernels for the same convolutions; or forward ones only
  report                      writes kernels, what is picked and rivals to bench/results/isa-GPU.md
  host [--arms A,A...]        what encoding and submitting costs on the CPU, on a device that takes no time
                              (default: koalarize,tfjs,onnxruntime)

  --gpu G,G...                AMD: navi31 navi21 gfx1150 vangogh vega20 mi100 ...; Intel: bmg lnl mtl dg2 tgl ...;
                              NVIDIA: sm_80 sm_89 sm_90 ... (default navi31,bmg,sm_90; dump and host: navi31)
  --precision f16             opens the device with float16, and matrix units where there are any
  --subgroup N                the subgroup size, whatever was asked for (AMD 32, 64; Intel 8, 16, 32)
  --dawn FEATURES             features of Dawn to turn on, such as disable_robustness; NVIDIA's kernels have that always
  --json FILE                 all figures, to a file
`;

const OPTIONS = {
  gpu: { type: 'string', default: '' },
  json: { type: 'string' },
  subgroup: { type: 'string' },
  dawn: { type: 'string' },
  precision: { type: 'string', default: 'f32' },
  all: { type: 'boolean', default: false },
  layers: { type: 'boolean', default: false },
  inception: { type: 'boolean', default: false },
  batch: { type: 'string', default: '1,16' },
  forward: { type: 'boolean', default: false },
  arms: { type: 'string', default: 'koalarize,tfjs,onnxruntime' },
  out: { type: 'string' },
  'no-intel': { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
} as const;

const COMMANDS = ['setup', 'kernels', 'dump', 'rivals', 'report', 'host'] as const;
export type CommandName = (typeof COMMANDS)[number];

export interface Options {
  readonly command: CommandName;
  readonly rest: readonly string[];
  readonly gpus: readonly string[];
  readonly json: string | undefined;
  readonly subgroup: number | undefined;
  readonly dawn: string | undefined;
  readonly precision: Precision;
  readonly all: boolean;
  readonly layers: boolean;
  readonly inception: boolean;
  readonly batches: readonly number[];
  readonly forward: boolean;
  readonly arms: readonly string[];
  readonly out: string | undefined;
  readonly intel: boolean;
}

const list = (text: string): string[] => text.split(',').filter(Boolean);

/** Reads arguments; nothing where help is asked for. @throws Complaint for those it does not know */
export function readOptions(args: readonly string[]): Options | undefined {
  const { values, positionals } = parse(args);
  const [command, ...rest] = positionals;
  if (values.help || command === undefined) return undefined;
  const { precision } = values;
  if (!COMMANDS.includes(command as CommandName)) {
    throw new Complaint(`'${command}': expected one of ${COMMANDS.join(', ')} – see npm run isa -- --help`);
  }
  if (precision !== 'f32' && precision !== 'f16') {
    throw new Complaint(`--precision: expected f32 or f16, got '${precision}'`);
  }
  return {
    ...values,
    command: command as CommandName,
    rest,
    gpus: list(values.gpu),
    json: values.json,
    subgroup: values.subgroup === undefined ? undefined : whole('--subgroup', values.subgroup),
    dawn: values.dawn,
    precision,
    batches: list(values.batch).map((each) => whole('--batch', each)),
    arms: list(values.arms),
    out: values.out,
    intel: !values['no-intel'],
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true });
  } catch (cause) {
    throw new Complaint(`${(cause as Error).message} – see npm run isa -- --help`);
  }
}

function whole(option: string, text: string): number {
  if (/^[1-9]\d*$/.test(text)) return Number(text);
  throw new Complaint(`${option}: expected a whole number from 1 on, got '${text}'`);
}
