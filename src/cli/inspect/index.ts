/** `koalarize inspect FILE`: what a model or weights file holds, and what this program can do with it. */
import { createHash } from 'node:crypto';
import { extname } from 'node:path';
import type { ValueInfo } from '../../onnx/model.ts';
import { readBytes } from '../../runtime/node/adapters.ts';
import { labelTable } from '../../util/table.ts';
import { runCommand } from '../shared/command.ts';
import { fileSize, print, printable, printJson } from '../shared/messages.ts';
import { flag, type ValuesOf } from '../shared/options.ts';
import { inspectOnnx, type OnnxReport } from './onnx.ts';
import { inspectSafetensors, type SafetensorsReport } from './safetensors.ts';
import type { StoredType } from './stored.ts';

const help = `Says what an .onnx or .safetensors file holds, and what of it is not supported. Needs no device.

  koalarize inspect FILE [--json]

  --json  all of it as JSON, on standard output

Of a classifier it also names the values that can serve as embedding: --inception-output and --inception-kind choose one.

Exit code: 0 the file is whole, 1 it is damaged or missing (with the reason), 2 wrong usage.
`;

const options = { json: flag() } as const;

/** Longer lists are cut in the text; --json has all of them. */
const MOST_LISTED = 40;

/** Runs the command. @returns the exit code */
export function inspectCommand(argv: string[]): Promise<number> {
  return runCommand({ name: 'inspect', help, options, argument: 'one file', run }, argv);
}

async function run(path: string, { json }: ValuesOf<typeof options>): Promise<number> {
  const file = await readBytes(path);
  const report = isSafetensors(file, path)
    ? { ...inspectSafetensors(file, path), sha256: createHash('sha256').update(file).digest('hex') }
    : await inspectOnnx(file, path);
  const whole = { file: path, bytes: file.length, ...report };
  if (json) printJson(whole, 2);
  else print(text(whole));
  return 0;
}

/** By the name, else by how the file begins: the header's length in 8 bytes, then JSON. */
function isSafetensors(file: Uint8Array, path: string): boolean {
  const extension = extname(path).toLowerCase();
  if (extension === '.onnx' || extension === '.safetensors') return extension === '.safetensors';
  return file[8] === '{'.charCodeAt(0) && file[7] === 0;
}

type Report = (OnnxReport | (SafetensorsReport & { sha256: string })) & { file: string; bytes: number };

function text(report: Report): string {
  const title = `${printable(report.file)}  ${fileSize(report.bytes)}, ${report.format === 'onnx' ? 'ONNX' : 'safetensors'}`;
  const rows = report.format === 'onnx' ? onnxRows(report) : safetensorsRows(report);
  return `${title}\n${labelTable([...rows.slice(0, 1), ['SHA-256', report.sha256], ...rows.slice(1)])}`;
}

type Row = [label: string, value: string];

function onnxRows(report: OnnxReport): Row[] {
  const opsets = Object.entries(report.opsets).map(([domain, version]) =>
    domain ? `${domain} ${version}` : `${version}`,
  );
  const operators = Object.entries(report.operators).map(([name, nodes]) => `${name} ${nodes}`);
  return [
    ['made by', `${report.producer || 'unknown'}; IR version ${report.irVersion}, opset ${opsets.join(', ')}`],
    ...report.inputs.map((input): Row => ['input', describeValue(input)]),
    ...report.outputs.map((output): Row => ['output', describeValue(output)]),
    ...storedRows(report.stored),
    ...report.external.map(({ file, bytes }): Row => ['external data', `${file}, ${fileSize(bytes)}`]),
    ['operators', operators.join(', ') || 'none'],
    ...(report.unsupported.length ? report.unsupported : ['nothing']).map((what): Row => ['not supported', what]),
    ...report.embeddings.map(
      ({ kind, output, shape }): Row => ['as embedding', `${kind}: '${output}'${shape ? ` ${extents(shape)}` : ''}`],
    ),
  ];
}

function safetensorsRows({ use, usable, metadata, stored, tensors }: SafetensorsReport): Row[] {
  const rest = tensors.length - MOST_LISTED;
  return [
    [usable ? 'use' : 'no use', use],
    ...storedRows(stored),
    ...Object.entries(metadata).map(([key, value]): Row => ['metadata', `${key}: ${value}`]),
    ...tensors
      .slice(0, MOST_LISTED)
      .map(({ name, type, shape }): Row => ['tensor', `${name}  ${type} ${extents(shape)}`]),
    ...(rest > 0 ? [['tensor', `… and ${rest} more, see --json`] as Row] : []),
  ];
}

function storedRows(stored: readonly StoredType[]): Row[] {
  return stored.map(({ type, arrays, elements, bytes }): Row => {
    const count = (n: number, what: string) => `${n.toLocaleString('en')} ${what}${n === 1 ? '' : 's'}`;
    return [
      'constants',
      `${type}: ${count(elements, 'number').replaceAll(',', ' ')} in ${count(arrays, 'array').replaceAll(',', ' ')}, ${fileSize(bytes)}`,
    ];
  });
}

function describeValue({ name, type, shape }: ValueInfo): string {
  return `${name}  ${type ?? 'unknown type'} ${shape ? extents(shape) : 'of unknown rank'}`;
}

const extents = (shape: readonly (number | string)[]) =>
  `[${shape.map((extent) => (extent === '' ? '?' : extent)).join(', ')}]`;
