/** `koalarize compare DIR WITH… -o sheet.html`: weights, checkpoints and others' pictures side by side. */
import { relative, resolve } from 'node:path';
import type { BytePicture } from '../../evaluation/metrics/pair.ts';
import { type ScoresOf, scoreAll } from '../../evaluation/scores.ts';
import { FormatError } from '../../runtime/errors.ts';
import { Gpu } from '../../runtime/gpu.ts';
import { labelTable } from '../../util/table.ts';
import { expectApart, Originals } from '../paths/identity.ts';
import { listPictures } from '../paths/walk.ts';
import { greyOf, readSquare, tinted } from '../shared/center_crops.ts';
import { runCommand } from '../shared/command.ts';
import { withFormerNames } from '../shared/former_names.ts';
import { filesOf } from '../shared/inception.ts';
import { print, printJson } from '../shared/messages.ts';
import { makeFolders } from '../shared/output.ts';
import { Counter } from '../shared/progress_line.ts';
import { countsOf, methods, setHash } from '../shared/reports/report.ts';
import { tableOf } from '../shared/reports/text.ts';
import type { PictureFile } from '../shared/scan.ts';
import { select } from '../shared/select.ts';
import { type Candidate, candidatesOf } from './candidates.ts';
import { HELP, OPTIONS, settingsOf, type Values } from './options.ts';
import { openSources } from './painters.ts';
import { besideLines, type CompareReport, columnsOf, type Name, protocolRows, reportOf } from './report.ts';
import { type Row, writeComparison } from './sheet.ts';

/** Runs the command. @returns the exit code */
export function compareCommand(argv: string[]): Promise<number> {
  const argument = 'a folder of photographs, and what to compare';
  return runCommand({ name: 'compare', help: HELP, options: OPTIONS, argument, several: true, run }, argv);
}

async function run(folder: string, values: Values, given: readonly string[]): Promise<number> {
  const { output, show, limit, size, strength, renderSize, smoothing, inception } = settingsOf(values);
  const progress = new Counter();
  const candidates = await candidatesOf(given);
  const isPictures = (one: Candidate) => one.kind === 'pictures';
  const listing = await listPictures(
    [folder],
    candidates.filter(isPictures).map(({ path }) => path),
  );
  const { pictures: all } = listing;
  const read = candidates.flatMap((one) => (one.kind === 'pictures' ? one.files : [one.path]));
  await expectApart(await Originals.of([...all, ...read, ...filesOf(inception)]), { '--output': output });
  await makeFolders({ html: output });
  const painters = await openSources(candidates, { size, strength, renderSize, smoothing, inception });
  const pathOf = ({ path }: Pick<PictureFile, 'path'>) => relative(resolve(folder), path);
  const inAll = (path: string) => painters.every(({ has }) => has(pathOf({ path })));
  if (all.length && !all.some(inAll)) {
    const folders = painters.filter(({ about }) => about.kind === 'pictures').map(({ about }) => `'${about.path}'`);
    throw new FormatError({
      where: folders.join(', '),
      expected: `pictures under the names they have in '${folder}'`,
      got: 'none that all have',
      hint: 'rename them',
    });
  }
  const selection = await select(
    folder,
    { ...listing, pictures: all.filter(inAll) },
    {
      size,
      limit,
      keepGrey: true,
      progress: (done, total) => progress.count('choosing pictures', done, total),
    },
  );
  const { meanColor } = selection;
  const foundFiles = all.length + listing.unreadable.length;
  const found = [
    ...selection.pictures.map((file) => ({ file, hasTruth: true })),
    ...selection.grey.map((file) => ({ file, hasTruth: false })),
  ].sort((one, other) => (one.file.hash < other.file.hash ? -1 : 1));

  // Pictures of which somebody's version is of something else are left out for all.
  const disagreeing: string[] = [];
  const work: Work[] = [];
  for (const { file, hasTruth } of found) {
    const truth = await readSquare(file, size);
    const grey = greyOf(truth);
    const reasons = await Promise.all(painters.map(({ disagrees }) => disagrees(pathOf(file), grey)));
    const reason = reasons.find((one) => one !== undefined);
    progress.count('reading pictures', work.length + disagreeing.length + 1, found.length);
    if (reason !== undefined) disagreeing.push(reason);
    else {
      const scores = hasTruth ? scoreAll(truth, { grey, meanColor: tinted(grey, meanColor) }) : undefined;
      work.push({ file, scores, answers: [] });
    }
  }
  for (const line of disagreeing) progress.say(`left out ${line}`);
  if (work.length === 0) {
    throw new FormatError({
      where: `'${folder}'`,
      expected: 'pictures that agree with those of the other folders',
      got: `none of ${found.length}`,
      hint: 'compare versions of the same photographs',
    });
  }

  const gpu = painters.some(({ about }) => about.kind === 'weights')
    ? await Gpu.open(values.adapter ? { adapter: values.adapter } : {})
    : undefined;
  try {
    if (gpu) progress.say(`device   ${gpu.name} (${gpu.source})`);
    for (const [i, painter] of painters.entries()) {
      const brush = await painter.open(gpu);
      try {
        for (const [done, one] of work.entries()) {
          const truth = await readSquare(one.file, size);
          const answer = await brush.paint(pathOf(one.file), greyOf(truth));
          if (one.scores) one.scores = { ...one.scores, ...scoreAll(truth, { [`${i}`]: answer }) };
          // Those that are not shown are not kept either: there may be thousands.
          if (done < show) one.answers.push(answer);
          progress.count(painter.about.label, done + 1, work.length);
        }
      } finally {
        await brush.close();
      }
    }
    const measured = work.filter(({ scores }) => scores);
    const report = reportOf(
      {
        folder: resolve(folder),
        found: foundFiles,
        pictures: measured.length,
        pictureSet: setHash(measured.map(({ file }) => file)),
        withoutTruth: work.length - measured.length,
        leftOut: countsOf(selection.leftOut),
        notNeeded: selection.found - found.length - selection.leftOut.length,
        missing: foundFiles - selection.found,
        others: selection.others,
        disagreeing,
        size,
        strength,
        smoothing,
        device: gpu ? `${gpu.name} (${gpu.source})` : null,
        ...methods(size),
        meanColor,
      },
      painters.map(({ about }) => about),
      measured.map(({ file, scores }) => ({
        path: pathOf(file),
        sha256: file.hash,
        ...(scores as ScoresOf<Name>),
      })),
    );
    if (output !== undefined) {
      const rows: Row[] = [];
      for (const { file, scores, answers } of work.slice(0, show)) {
        const truth = await readSquare(file, size);
        rows.push({ path: pathOf(file), sha256: file.hash, grey: greyOf(truth), answers, ...(scores && { truth }) });
      }
      await writeComparison(output, report, rows);
    }
    if (values.json) printJson(withFormerNames(report));
    else print(summary(report));
    return 0;
  } finally {
    await gpu?.close();
  }
}

/** A photograph, and what is known of it so far. */
interface Work {
  readonly file: PictureFile;
  /** Undefined for a grey one. */
  scores: ScoresOf<'grey' | 'meanColor'> | undefined;
  /** Of a picture that is shown: of each compared, in order. */
  readonly answers: BytePicture[];
}

function summary(report: CompareReport): string {
  const lines = besideLines(report).map((line) => `${line}\n`);
  const metrics = report.metrics
    ? `${tableOf(columnsOf(report))}\n`
    : 'no picture with true colors: nothing measured\n';
  return `${labelTable(protocolRows(report))}\n${metrics}${lines.join('')}`;
}
