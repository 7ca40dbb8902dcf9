/** `koalarize study DIR -o study.html`: a blind test of the colors, and statistics of people's answers. */
import { createHash } from 'node:crypto';
import { relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Deck, oursAt, type Study } from '../../evaluation/answers.ts';
import { Colorizer } from '../../model/colorizer.ts';
import { defaultWeights } from '../../model/package_files.ts';
import { sha256 } from '../../onnx/sha256.ts';
import { FormatError } from '../../runtime/errors.ts';
import { readBytes } from '../../runtime/node/adapters.ts';
import { writeWhole } from '../../runtime/node/whole_file.ts';
import { Random } from '../../util/random.ts';
import { expectApart, Originals } from '../paths/identity.ts';
import { listPictures } from '../paths/walk.ts';
import { greyOf, readSquare } from '../shared/center_crops.ts';
import { runCommand } from '../shared/command.ts';
import { filesOf } from '../shared/inception.ts';
import { fileSize, print, printJson, UsageError } from '../shared/messages.ts';
import { makeFolders } from '../shared/output.ts';
import { Counter } from '../shared/progress_line.ts';
import { dataUrl } from '../shared/reports/page.ts';
import { select } from '../shared/select.ts';
import { studyHtml } from './html.ts';
import { mergeFiles } from './merge.ts';
import { checkMerge, HELP, OPTIONS, settingsOf, type Values } from './options.ts';
import { reportText } from './text.ts';

/** Runs the command. @returns the exit code */
export function studyCommand(argv: string[]): Promise<number> {
  const argument = 'one folder of color photographs (with --merge: files of saved answers)';
  return runCommand({ name: 'study', help: HELP, options: OPTIONS, argument, several: true, run }, argv);
}

async function run(first: string, values: Values, more: readonly string[]): Promise<number> {
  if (values.merge) {
    checkMerge(values);
    const report = await mergeFiles([first, ...more]);
    if (values.json) printJson(report);
    else print(reportText(report));
    return 0;
  }
  if (more.length) throw new UsageError({ expected: 'one folder of color photographs', got: more.length + 1 });
  return make(first, values);
}

/** Makes the page. */
async function make(folder: string, values: Values): Promise<number> {
  const { output, count, seed, size, seconds, both, strength, smoothing, inception, ...asked } = settingsOf(values);
  const { adapter } = values;
  const progress = new Counter();
  const weights = values.weights ?? fileURLToPath(defaultWeights());
  const listing = await listPictures([folder]);
  await expectApart(await Originals.of([...listing.pictures, weights, ...filesOf(inception)]), { '--output': output });
  await makeFolders({ html: output });
  const colorizer = await Colorizer.load({ weights, ...(adapter && { adapter }), ...(inception && { inception }) });
  try {
    progress.say(`device   ${colorizer.gpu.name} (${colorizer.gpu.source})`);
    const { pictures: found } = await select(folder, listing, {
      size,
      limit: both ? count : 2 * count,
      ...(seed && { rank: (hash: string) => createHash('sha256').update(`${seed} ${hash}`).digest('hex') }),
      progress: (done, total) => progress.count('choosing pictures', done, total),
    });
    // As many of the one kind as of the other.
    const pictures = both ? found : found.slice(0, found.length - (found.length % 2));
    if (pictures.length === 0) {
      throw new FormatError({
        where: `'${folder}'`,
        expected: 'two color pictures or more',
        got: 'one',
        hint: 'add some, or --both',
      });
    }
    const renderSize = asked.renderSize ?? colorizer.weights.size;
    const study = named({
      pictures: pictures.map(({ path, hash }) => ({ sha256: hash, name: relative(resolve(folder), path) })),
      weights: await sha256(await readBytes(weights)),
      strength,
      renderSize,
      smoothing,
      size,
      seconds,
      both,
    });
    const random = new Random(Number.parseInt(study.id.slice(0, 8), 16));
    const cards: Deck['cards'][number][] = [];
    for (const file of pictures) {
      const truth = await readSquare(file, size);
      const colored = await colorizer.colorize(greyOf(truth), { strength, renderSize, smoothing });
      const [ours, real] = [await dataUrl(colored), await dataUrl(truth)];
      const code = random.next();
      cards.push(oursAt(code) === 0 ? [ours, real, code] : [real, ours, code]);
      progress.count('coloring', cards.length, pictures.length);
    }
    const page = studyHtml({ study, cards });
    await writeWhole(output, page);
    const each = both ? pictures.length : pictures.length / 2;
    if (each < count) progress.say(`warning  expected ${count} pictures of each kind, got enough for ${each}`);
    progress.say(`study    ${study.id}: a sitting shows ${each} colored and ${each} real ones`);
    progress.say(
      `page     ${output}, ${fileSize(Buffer.byteLength(page))}: open it in a browser, or send it to people`,
    );
    if (values.json) printJson(study);
    return 0;
  } finally {
    await colorizer.close();
  }
}

function named(study: Omit<Study, 'id'>): Study {
  return { id: createHash('sha256').update(JSON.stringify(study)).digest('hex').slice(0, 12), ...study };
}
