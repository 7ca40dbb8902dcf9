/**
 * `node dist/inception.js`: a complete, seeded Inception-ResNet-v2 in each style of ONNX file, computed by this project
 * and by ONNX Runtime's CPU provider from the same files.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Gpu } from '../../src/runtime/gpu.ts';
import { DEFAULTS } from './architecture.ts';
import { seededParameters } from './calibrate.ts';
import { type CheckResult, check, passes } from './check.ts';
import { STYLE_NAMES, type StyleName } from './styles/index.ts';

const HELP = `usage: node dist/inception.js [options]

  --styles LIST      of ${STYLE_NAMES.join(', ')} (default: all)
  --batches LIST     pictures in a run (default 1,2)
  --width-divisor N  divides all channel counts (default 1)
  --size N           width and height of the pictures (default 299, at least 75)
  --adapter A        auto, hardware, software, bundled, or part of an adapter's name (default auto)
  --keep DIR         leaves the files in DIR
  --json FILE        writes all results
  --help             prints this

The exit status is 1 where the largest difference between two logits is above 1e-3 of their standard deviation
(float16: 2e-2), or where the first class differs.
`;

function parse(args: string[]) {
  const { values } = parseArgs({
    args,
    options: {
      styles: { type: 'string', default: STYLE_NAMES.join() },
      batches: { type: 'string', default: '1,2' },
      'width-divisor': { type: 'string', default: `${DEFAULTS.widthDivisor}` },
      size: { type: 'string', default: `${DEFAULTS.size}` },
      adapter: { type: 'string', default: 'auto' },
      keep: { type: 'string' },
      json: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  return {
    ...values,
    styles: values.styles.split(',').map(styleName),
    batches: values.batches.split(',').map((text) => count('--batches', text)),
    widthDivisor: count('--width-divisor', values['width-divisor']),
    size: count('--size', values.size, 75),
  };
}

function styleName(text: string): StyleName {
  const found = STYLE_NAMES.find((name) => name === text);
  if (!found) throw new Error(`--styles: expected ${STYLE_NAMES.join(', ')}, got '${text}'`);
  return found;
}

function count(option: string, text: string, least = 1): number {
  const value = Number(text);
  if (!(Number.isInteger(value) && value >= least)) {
    throw new Error(`${option}: expected an integer from ${least}, got '${text}'`);
  }
  return value;
}

const COLUMNS = [
  'style',
  'batch',
  'max |Δ| / σ',
  'limit',
  'σ',
  'class',
  'operations',
  'dispatches',
  'compile s',
  'run s',
];

function row(outcome: CheckResult): string[] {
  const { style, batch, difference, limit, deviation, sameClass, operations, dispatches, compileSeconds, runSeconds } =
    outcome;
  return [
    style,
    `${batch}`,
    difference.toExponential(1),
    `${limit}${passes(outcome) ? '' : ' MISSED'}`,
    deviation.toFixed(2),
    sameClass ? 'same' : 'DIFFERS',
    `${operations}`,
    `${dispatches}`,
    compileSeconds.toFixed(2),
    runSeconds.toFixed(2),
  ];
}

function print(cells: readonly string[]): void {
  process.stdout.write(
    `${cells
      .map((cell) => cell.padEnd(12))
      .join('')
      .trimEnd()}\n`,
  );
}

/** @returns the exit status: 0; 1 where results are too far apart; 2 for arguments it does not know. */
async function main(argv: string[]): Promise<number> {
  let options: ReturnType<typeof parse>;
  try {
    options = parse(argv);
  } catch (cause) {
    process.stderr.write(`${(cause as Error).message}\n\n${HELP}`);
    return 2;
  }
  if (options.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const { widthDivisor, size, batches, styles, keep } = options;
  const network = { ...DEFAULTS, widthDivisor, size };
  const parameters = await seededParameters(network);
  const gpu = await Gpu.open({ adapter: options.adapter });
  process.stdout.write(`Inception-ResNet-v2 / ${widthDivisor}, ${size}x${size}, on ${gpu.name} (${gpu.source})\n\n`);
  const folder = keep ?? (await mkdtemp(join(tmpdir(), 'inception-')));
  await mkdir(folder, { recursive: true });
  const outcomes: CheckResult[] = [];
  try {
    print(COLUMNS);
    for (const style of styles) {
      const results = await check(gpu, style, parameters, { ...network, batches, folder, keep: keep !== undefined });
      for (const outcome of results) print(row(outcome));
      outcomes.push(...results);
    }
  } finally {
    if (keep === undefined) await rm(folder, { recursive: true });
  }
  const facts = { adapter: gpu.name, widthDivisor, size };
  if (options.json) await writeFile(options.json, `${JSON.stringify({ facts, outcomes }, null, 2)}\n`);
  await gpu.close();
  return outcomes.every(passes) ? 0 : 1;
}

process.exit(await main(process.argv.slice(2)));
