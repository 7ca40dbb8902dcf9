/** `koalarize export WEIGHTS -o M.onnx`: the colorizer as an ONNX file. */
import { extname } from 'node:path';
import { exportColorizer } from '../model/export.ts';
import { decodeWeights } from '../model/weights.ts';
import { EXPORT_IR_VERSION, EXPORT_OPSET } from '../onnx/export/encode.ts';
import { FormatError } from '../runtime/errors.ts';
import { readBytes } from '../runtime/node.ts';
import { runCommand } from './command.ts';
import { fileSize, UsageError } from './messages.ts';
import { writeWhole } from './train/files.ts';

const help = `Writes the colorizer as ONNX (opset ${EXPORT_OPSET}, IR ${EXPORT_IR_VERSION}, float32), for ONNX Runtime and others.

  koalarize export WEIGHTS -o M.onnx [--json]

WEIGHTS is a .safetensors file, as 'koalarize train' writes it. The ONNX file has

  lightness  [N, 1, H, W]   in: L* / 50 - 1; H and W multiples of 8
  embedding  [N, E]         in: the feature extractor's answer; only for weights with an embedding
  stride16…  [N, C, h, w]   in: its maps by their names, divided by the deviations that the file tells; only for weights
                            with feature maps
  chroma     [N, 2, H, W]   out: a* / 127 and b* / 127

  -o, --output M.onnx  where to write
  --json               one line of JSON, on standard output

Exit code: 0 written, 1 failed (with the reason), 2 wrong usage.
`;

const options = { output: { type: 'string', short: 'o' }, json: { type: 'boolean' } } as const;

/** Runs the command. @returns the exit code */
export function exportCommand(argv: string[]): Promise<number> {
  return runCommand({ name: 'export', help, options, argument: 'one file of weights', run }, argv);
}

async function run(source: string, { output, json }: { output?: string; json?: boolean }): Promise<number> {
  if (output === undefined) throw new UsageError('expected -o M.onnx, got none');
  if (extname(output).toLowerCase() !== '.onnx') {
    throw new UsageError(`-o: expected a name that ends in .onnx, got '${output}'`);
  }
  const weights = decodeWeights(await readBytes(source), source);
  const file = exportColorizer(weights);
  await writeWhole(output, file).catch((cause: Error) => {
    throw new FormatError(`${output}: expected a place where files can be written, got '${cause.message}'`);
  });
  const embedding = weights.network.embeddingWidth;
  const maps = weights.network.maps?.length ?? 0;
  const features = maps ? `${maps} feature maps` : embedding ? `embedding of ${embedding} values` : 'no embedding';
  process.stdout.write(
    json
      ? `${JSON.stringify({ output, bytes: file.length, opset: EXPORT_OPSET, embedding, maps })}\n`
      : `${output}  ${fileSize(file.length)}, opset ${EXPORT_OPSET}, ${features}\n`,
  );
  return 0;
}
