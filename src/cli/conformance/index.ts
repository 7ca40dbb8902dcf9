/** `koalarize conformance DIR`: ONNX's own tests of single operators and small models, run on our kernels. */
import { readdir } from 'node:fs/promises';
import { FormatError } from '../../runtime/errors.ts';
import { readError } from '../../runtime/file_errors.ts';
import { Gpu } from '../../runtime/gpu.ts';
import { runCommand } from '../shared/command.ts';
import { print, printJson, sayLine } from '../shared/messages.ts';
import { ABSOLUTE, type Outcome, RELATIVE, runNodeTest } from './node_test.ts';

const help = `Runs a folder of ONNX backend node tests: DIR/NAME/model.onnx, DIR/NAME/test_data_set_N/{input,output}_K.pb.

  koalarize conformance DIR [options]

  --only TEXT   only tests whose names contain TEXT
  --adapter A   auto, hardware, software, bundled, or part of a device's name     [auto]
  --json        all outcomes as JSON, on standard output

A test passes where every number differs by at most ${RELATIVE} of what is expected plus ${ABSOLUTE}, as in ONNX's own runner.
Integer inputs are given to the model as constants. Unsupported: refused, with the reason, before anything is computed.

Exit code: 0 none failed, 1 some failed (each is named, with the reason), 2 wrong usage.
`;

const options = { only: { type: 'string' }, adapter: { type: 'string' }, json: { type: 'boolean' } } as const;

/** What classifiers such as Inception-ResNet-v2 are made of, whichever exporter wrote them. */
const CHECKLIST: ReadonlySet<string> = new Set(
  `Add AveragePool BatchNormalization Cast Clip Concat Constant ConstantOfShape Conv Div Dropout Flatten Gather Gemm
  GlobalAveragePool Identity LeakyRelu LRN MatMul MaxPool Mul Pad ReduceMean Relu Reshape Shape Sigmoid Slice Softmax
  Squeeze Sub Sum Tanh Transpose Unsqueeze`.split(/\s+/),
);

/** Runs the command. @returns the exit code */
export function conformanceCommand(argv: string[]): Promise<number> {
  return runCommand({ name: 'conformance', help, options, argument: 'one folder of tests', run }, argv);
}

async function run(
  folder: string,
  { only = '', adapter, json }: { only?: string; adapter?: string; json?: boolean },
): Promise<number> {
  const names = await testsIn(folder, only);
  const gpu = await Gpu.open(adapter === undefined ? {} : { adapter });
  sayLine(`device: ${gpu.name} (${gpu.source})`);
  const outcomes: Outcome[] = [];
  try {
    for (const name of names) {
      const outcome = await runNodeTest(gpu, folder, name);
      outcomes.push(outcome);
      const { status, reason } = outcome;
      if (status !== 'passed') sayLine(`${status.padEnd(11)}  ${name}: ${reason}`);
    }
  } finally {
    await gpu.close();
  }
  const listed = outcomes.filter(
    ({ operators }) => operators.length > 0 && operators.every((one) => CHECKLIST.has(one)),
  );
  const rows: [string, Counts][] = [
    ['operators on the checklist', counts(listed)],
    ['others', counts(outcomes.filter((outcome) => !listed.includes(outcome)))],
    ['all', counts(outcomes)],
  ];
  if (json) {
    const [checklist, others, all] = rows.map(([, row]) => row);
    printJson({ device: gpu.name, checklist, others, all, tests: outcomes }, 2);
  } else print(table(rows));
  return outcomes.some(({ status }) => status === 'failed') ? 1 : 0;
}

/** @throws FormatError where there are none. */
async function testsIn(folder: string, only: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((cause: Error) => {
    throw readError(folder, 'a folder of tests', cause);
  });
  const names = entries.filter((entry) => entry.isDirectory() && entry.name.includes(only)).map(({ name }) => name);
  const what = only && ` whose names contain '${only}'`;
  if (names.length === 0) throw new FormatError({ where: folder, expected: `folders of tests${what}`, got: 'none' });
  return names.sort();
}

type Counts = Record<Outcome['status'] | 'total', number>;

function counts(outcomes: readonly Outcome[]): Counts {
  const of = (status: Outcome['status']) => outcomes.filter((outcome) => outcome.status === status).length;
  return { passed: of('passed'), failed: of('failed'), unsupported: of('unsupported'), total: outcomes.length };
}

function table(rows: readonly (readonly [string, Counts])[]): string {
  const columns = ['passed', 'failed', 'unsupported', 'total'] as const;
  const line = (label: string, cells: readonly string[]) =>
    `${label.padEnd(28)}${cells.map((cell) => cell.padStart(13)).join('')}\n`;
  const share = ({ passed, total }: Counts) => (total ? `${((100 * passed) / total).toFixed(1)} %` : '');
  return [
    line('', [...columns, 'passed']),
    ...rows.map(([label, row]) => line(label, [...columns.map((column) => String(row[column])), share(row)])),
  ].join('');
}
