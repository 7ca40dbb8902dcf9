/**
 * `node dist/inception.js`: a complete, seeded Inception-ResNet-v2 in each style of ONNX file, computed by this project
 * and by ONNX Runtime's CPU provider from the same files.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { integer, list, type Parsed, parseOptions, path, someOf, text } from '../../src/cli/shared/options.ts';
import { Gpu } from '../../src/runtime/gpu.ts';
import { tableLine } from '../../src/util/table.ts';
import { DEFAULTS } from './architecture.ts';
import { seededParameters } from './calibrate.ts';
import { type CheckResult, check, passes } from './check.ts';
import { STYLE_NAMES } from './styles/index.ts';

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

const OPTIONS = {
  styles: someOf(STYLE_NAMES),
  batches: list(integer(1, Number.POSITIVE_INFINITY)),
  'width-divisor': integer(1, Number.POSITIVE_INFINITY),
  size: integer(75, Number.POSITIVE_INFINITY),
  adapter: text(),
  keep: path(),
  json: path(),
} as const;

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

/** Row by row, as checks take long. */
function print(cells: readonly string[]): void {
  process.stdout.write(`${tableLine(cells, Array(cells.length).fill({ width: 10 }))}\n`);
}

/** @returns the exit status: 0; 1 where results are too far apart; 2 for arguments it does not know. */
async function main(argv: string[]): Promise<number> {
  let parsed: Parsed<typeof OPTIONS>;
  try {
    parsed = parseOptions(OPTIONS, argv);
  } catch (cause) {
    process.stderr.write(`${(cause as Error).message}\n\n${HELP}`);
    return 2;
  }
  if (parsed.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const { size = DEFAULTS.size, batches = [1, 2], styles = STYLE_NAMES, keep, adapter = 'auto', json } = parsed.values;
  const { 'width-divisor': widthDivisor = DEFAULTS.widthDivisor } = parsed.values;
  const network = { ...DEFAULTS, widthDivisor, size };
  const parameters = await seededParameters(network);
  const gpu = await Gpu.open({ adapter });
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
  if (json) await writeFile(json, `${JSON.stringify({ facts, outcomes }, null, 2)}\n`);
  await gpu.close();
  return outcomes.every(passes) ? 0 : 1;
}

process.exit(await main(process.argv.slice(2)));
