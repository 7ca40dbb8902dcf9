/** `koalarize export WEIGHTS -o M.onnx`: the colorizer as an ONNX file. */
import { fileURLToPath } from 'node:url';
import { exportColorizer, exportWhole } from '../model/export/index.ts';
import { defaultExtractor } from '../model/package_files.ts';
import { decodeWeights, type Weights } from '../model/weights.ts';
import { EXPORT_IR_VERSION, EXPORT_OPSET } from '../onnx/export/encode.ts';
import { sha256 } from '../onnx/sha256.ts';
import { FormatError } from '../runtime/errors.ts';
import { readBytes } from '../runtime/node/adapters.ts';
import { writeWhole } from '../runtime/node/whole_file.ts';
import { expectApart, Originals } from './paths/identity.ts';
import { runCommand } from './shared/command.ts';
import { fileSize, print, printable, printJson, UsageError } from './shared/messages.ts';
import { flag, path, type ValuesOf } from './shared/options.ts';

const help = `Writes the colorizer as ONNX (opset ${EXPORT_OPSET}, IR ${EXPORT_IR_VERSION}, float32), for ONNX Runtime and others.

  koalarize export WEIGHTS -o M.onnx [--network-only] [--extractor FILE] [--json]

WEIGHTS is a .safetensors file, as 'koalarize train' writes it. With feature maps, the ONNX file holds the extractor too:

  grey       [N, 1, sH, sW] in: luma, 0 to 255, at s times the network's size; the file tells which sides
  chroma     [N, 2, H, W]   out: a* / 127 and b* / 127

'koalarize' itself draws these together by the picture's grey before it puts them on (--smoothing): that is not in the file.

Without feature maps, or with --network-only, it holds the network alone:

  lightness  [N, 1, H, W]   in: L* / 50 - 1; H and W multiples of 8
  embedding  [N, E]         in: the feature extractor's answer; only for weights with an embedding
  stride16…  [N, C, h, w]   in: its maps by their names, divided by the deviations that the file tells; only for weights
                            with feature maps
  chroma     [N, 2, H, W]   out: a* / 127 and b* / 127

  -o, --output M.onnx  where to write
  --network-only       leave the extractor out: its maps become inputs
  --extractor FILE     the extractor that the weights were trained with     [the package's]
  --json               one line of JSON, on standard output

Exit code: 0 written, 1 failed (with the reason), 2 wrong usage.
`;

const options = {
  output: path({ short: 'o', endings: ['.onnx'] }),
  'network-only': flag(),
  extractor: path(),
  json: flag(),
} as const;

/** Runs the command. @returns the exit code */
export function exportCommand(argv: string[]): Promise<number> {
  return runCommand({ name: 'export', help, options, argument: 'one file of weights', run }, argv);
}

async function run(source: string, values: ValuesOf<typeof options>): Promise<number> {
  const { output, json, extractor } = values;
  if (output === undefined) throw new UsageError({ expected: '-o M.onnx', got: 'none' });
  const originals = await Originals.of([source, ...(extractor === undefined ? [] : [extractor])]);
  await expectApart(originals, { '-o': output });
  const weights = decodeWeights(await readBytes(source), source);
  const whole = weights.embedding?.kind === 'maps' && !values['network-only'];
  if (extractor && !whole)
    throw new UsageError({ where: '--extractor', expected: 'none for the network alone', got: 'one' });
  const file = whole ? await withExtractor(weights, extractor) : exportColorizer(weights);
  await writeWhole(output, file);
  const embedding = weights.network.embeddingWidth;
  const maps = weights.network.maps?.length ?? 0;
  const features = whole
    ? 'with its extractor'
    : maps
      ? `${maps} feature maps`
      : embedding
        ? `embedding of ${embedding} values`
        : 'no embedding';
  if (json) printJson({ output, bytes: file.length, opset: EXPORT_OPSET, embedding, maps });
  else print(`${printable(output)}  ${fileSize(file.length)}, opset ${EXPORT_OPSET}, ${features}\n`);
  return 0;
}

/** @throws FormatError for another file than the weights were trained with */
async function withExtractor(weights: Weights, given: string | undefined): Promise<Uint8Array> {
  const name = given ?? fileURLToPath(defaultExtractor());
  const file = await readBytes(name);
  const [got, trained] = [await sha256(file), weights.embedding!.sha256];
  if (got !== trained) {
    throw new FormatError({
      where: name,
      expected: `the extractor of the training, with SHA-256 ${trained}`,
      got,
      hint: 'name it with --extractor',
    });
  }
  return exportWhole(weights, file, name);
}
