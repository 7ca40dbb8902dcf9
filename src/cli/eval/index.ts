/** `koalarize eval DIR`: metrics on a folder of color photographs, beside those of trivial answers. */
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Scores, scoreAll } from '../../evaluation/scores.ts';
import { Colorizer } from '../../model/colorizer.ts';
import { describeExtractor } from '../../model/embedding.ts';
import { defaultWeights } from '../../model/package_files.ts';
import { sha256 } from '../../onnx/sha256.ts';
import { readBytes } from '../../runtime/node/adapters.ts';
import { writeWhole } from '../../runtime/node/whole_file.ts';
import { labelTable } from '../../util/table.ts';
import { expectApart, isSameFile, Originals } from '../paths/identity.ts';
import { listPictures } from '../paths/walk.ts';
import { greyOf, readSquare, tinted } from '../shared/center_crops.ts';
import { runCommand } from '../shared/command.ts';
import { withFormerNames } from '../shared/former_names.ts';
import { filesOf } from '../shared/inception.ts';
import { print, printJson, UsageError } from '../shared/messages.ts';
import { makeFolders, writeSheet, writeSquares } from '../shared/output.ts';
import { Counter } from '../shared/progress_line.ts';
import { type PictureReport, protocolOf, type Report, reportOf } from '../shared/reports/report.ts';
import { besideOf, columnsOf, protocolRows, tableOf } from '../shared/reports/text.ts';
import { eachOf, type PictureFile } from '../shared/scan.ts';
import { select } from '../shared/select.ts';
import { shardText } from '../shared/shard.ts';
import { groupsOf, pageOf, type Shown } from './html.ts';
import { HELP, OPTIONS, SHEET_PICTURES, settingsOf, type Values } from './options.ts';

/** Pictures worked on at a time: while one is on the device, another is decoded or scored. */
const AT_ONCE = 2;

/** Runs the command. @returns the exit code */
export function evalCommand(argv: string[]): Promise<number> {
  const argument = 'one folder of color photographs';
  return runCommand({ name: 'eval', help: HELP, options: OPTIONS, argument, run }, argv);
}

async function run(folder: string, values: Values): Promise<number> {
  const { strength, renderSize, quality, smoothing, size, limit, inception } = settingsOf(values);
  const { sheet, html, output, adapter } = values;
  if (output && (await isSameFile(output, folder))) {
    throw new UsageError({
      where: '--output',
      expected: 'another folder than that of the photographs',
      got: `'${output}'`,
    });
  }
  const listing = await listPictures([folder], output ? [output] : [], values.shard);
  const progress = new Counter();
  // First, so that what is wrong with the weights is said before thousands of pictures are read.
  const weights = values.weights ?? fileURLToPath(defaultWeights());
  const originals = await Originals.of([...listing.pictures, weights, ...filesOf(inception)]);
  await expectApart(originals, { '--sheet': sheet, '--html': html });
  await makeFolders(values);
  const colorizer = await Colorizer.load({ weights, ...(adapter && { adapter }), ...(inception && { inception }) });
  try {
    progress.say(`device   ${colorizer.gpu.name} (${colorizer.gpu.source})`);
    const selection = await select(folder, listing, {
      size,
      limit,
      progress: (done, total) => progress.count('choosing pictures', done, total),
    });
    const { pictures, meanColor } = selection;
    const { embedding } = colorizer.weights;
    const protocol = protocolOf(
      {
        folder: resolve(folder),
        ...(values.shard && { shard: shardText(values.shard) }),
        size,
        renderSize: renderSize ?? colorizer.weights.size,
        strength,
        quality,
        smoothing,
        weights: { path: weights, sha256: await sha256(await readBytes(weights)) },
        extractor: embedding ? describeExtractor(embedding) : null,
        device: `${colorizer.gpu.name} (${colorizer.gpu.source})`,
      },
      selection,
    );
    const paint = async (file: PictureFile) => {
      const truth = await readSquare(file, size);
      const grey = greyOf(truth);
      const options = { strength, renderSize: protocol.renderSize, quality, smoothing };
      return { truth, grey, ours: await colorizer.colorize(grey, options) };
    };

    const scores: Scores[] = [];
    let done = 0;
    await eachOf([...pictures.entries()], AT_ONCE, async ([i, file]) => {
      const { truth, grey, ours } = await paint(file);
      scores[i] = scoreAll(truth, { ours, grey, meanColor: tinted(grey, meanColor) });
      if (output) await writeSquares(output, resolve(folder), file, { ours, truth }, originals);
      progress.count('coloring', ++done, pictures.length);
    });
    const report = reportOf(protocol, selection, scores);
    // Colored once more: keeping thousands of pictures until the best are known would need memory for all.
    const files = new Map(pictures.map((file) => [file.hash, file]));
    const show = async (chosen: readonly PictureReport[]): Promise<Shown[]> => {
      const shown: Shown[] = [];
      for (const picture of chosen) shown.push({ picture, ...(await paint(files.get(picture.sha256)!)) });
      return shown;
    };
    if (output) await writeWhole(join(output, 'metrics.json'), `${JSON.stringify(withFormerNames(report), null, 1)}\n`);
    if (sheet) await writeSheet(sheet, await show(report.pictures.slice(0, SHEET_PICTURES)));
    if (html) {
      const { best, median, worst } = groupsOf(report.pictures);
      const groups = { best: await show(best), median: await show(median), worst: await show(worst) };
      await writeWhole(html, await pageOf(report, groups));
    }
    if (values.json) printJson(withFormerNames(report));
    else print(summary(report));
    return 0;
  } finally {
    await colorizer.close();
  }
}

function summary(report: Report): string {
  const beside = besideOf(report).map((line) => `${line}\n`);
  return `${labelTable(protocolRows(report.protocol))}\n${tableOf(columnsOf(report))}\n${beside.join('')}`;
}
