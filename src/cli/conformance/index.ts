/** `koalarize conformance DIR`: ONNX's own tests of single operators and small models, run on our kernels. */
import { readdir } from 'node:fs/promises';
import { FormatError } from '../../runtime/errors.ts';
import { readError } from '../../runtime/file_errors.ts';
import { Gpu } from '../../runtime/gpu.ts';
import { type Column, table, tableLine } from '../../util/table.ts';
import { runCommand } from '../shared/command.ts';
import { print, printJson, sayLine } from '../shared/messages.ts';
import { flag, text, type ValuesOf } from '../shared/options.ts';
import { ABSOLUTE, type NodeTestResult, RELATIVE, runNodeTest } from './node_test.ts';

const help = `Runs a folder of ONNX backend node tests: DIR/NAME/model.onnx, DIR/NAME/test_data_set_N/{input,output}_K.pb.

  koalarize conformance DIR [options]

  --only TEXT   only tests whose names contain TEXT
  --adapter A   auto, hardware, software, bundled, or part of a device's name     [auto]
  --json        all outcomes as JSON, on standard output

A test passes where every number differs by at most ${RELATIVE} of what is expected plus ${ABSOLUTE}, as in ONNX's own runner.
Integer inputs are given to the model as constants. Unsupported: refused, with the reason, before anything is computed.

Exit code: 0 none failed, 1 some failed (each is named, with the reason), 2 wrong usage.
`;

const options = { only: text(), adapter: text(), json: flag() } as const;

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

async function run(folder: string, { only = '', adapter, json }: ValuesOf<typeof options>): Promise<number> {
  const names = await testsIn(folder, only);
  const gpu = await Gpu.open(adapter === undefined ? {} : { adapter });
  sayLine(`device: ${gpu.name} (${gpu.source})`);
  const outcomes: NodeTestResult[] = [];
  try {
    for (const name of names) {
      const outcome = await runNodeTest(gpu, folder, name);
      outcomes.push(outcome);
      const { status, reason } = outcome;
      if (status !== 'passed') sayLine(tableLine([status, `${name}: ${reason}`], [{ width: 11 }]));
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
  } else print(countsTable(rows));
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

type Counts = Record<NodeTestResult['status'] | 'total', number>;

function counts(outcomes: readonly NodeTestResult[]): Counts {
  const of = (status: NodeTestResult['status']) => outcomes.filter((outcome) => outcome.status === status).length;
  return { passed: of('passed'), failed: of('failed'), unsupported: of('unsupported'), total: outcomes.length };
}

const COLUMNS: readonly Column[] = [{ width: 28 }, ...Array<Column>(5).fill({ width: 11, align: 'right' })];

function countsTable(rows: readonly (readonly [string, Counts])[]): string {
  const statuses = ['passed', 'failed', 'unsupported', 'total'] as const;
  const share = ({ passed, total }: Counts) => (total ? `${((100 * passed) / total).toFixed(1)} %` : '');
  const cells = rows.map(([label, row]) => [label, ...statuses.map((status) => String(row[status])), share(row)]);
  return table([['', ...statuses, 'passed'], ...cells], COLUMNS);
}
