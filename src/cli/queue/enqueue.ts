/** `koalarize enqueue FOLDER… -o OUT --queue URL`: writes a manifest, and puts what is left of it into a queue. */
import { randomBytes } from 'node:crypto';
import { resolve } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { FormatError } from '../../runtime/errors.ts';
import { type ColorizeValues, PICTURE_OPTIONS, requestOf } from '../colorize/options.ts';
import { recipeOf } from '../colorize/recipe.ts';
import { leftOutText } from '../paths/walk.ts';
import { runCommand } from '../shared/command.ts';
import { sayLine, UsageError } from '../shared/messages.ts';
import { flag, integer, path, type ValuesOf } from '../shared/options.ts';
import { absolutePlace, openStore } from '../storage/open.ts';
import type { FileStore } from '../storage/store.ts';
import { readKnown } from './done.ts';
import { type ColorQueue, countJobs, Engine, type JobData, queueUrl } from './engine.ts';
import { type Block, type ManifestHead, readBlocks, readHead, writeManifest } from './manifest.ts';
import { streamJobs } from './stream.ts';

const HELP = `Puts photographs into a queue, from which 'koalarize work' takes them, on as many machines as there are.

  koalarize enqueue FOLDER… -o OUT --queue URL [options]

FOLDER and OUT may be s3://BUCKET/PREFIX, on any server of S3, which is found as by every program for Amazon's (AWS_REGION,
AWS_PROFILE, AWS_ENDPOINT_URL_S3 …). Folders must be there under the same paths on all machines. First
OUT/.koalarize.manifest.jsonl is written: a list of all photographs, with the names of their outputs, and how they are
colored. The queue only has what is left of that: the same call again adds what is neither in the ledger of OUT nor in the
queue already, so that nothing is lost with the queue.
Needs the package bullmq, and ioredis or pg: npm install bullmq ioredis; for buckets @aws-sdk/client-s3

  -o, --output OUT     the folder or bucket to write into
  --queue URL          where the queue is: redis://[:PASSWORD@]HOST:PORT or postgres://USER[:PASSWORD]@HOST/DATABASE
  --per-job N          photographs of a job     [100]
  --most-waiting N     wait while more jobs than these are waiting     [100000]
  --rescan             look through the folders again, and write a new manifest
  --retry-bad          those too that could not be colored before
  --strength, --upsampling, --render-size, --quality, --smoothing, --border, --weights, --extractor, --inception,
  --precision, --pages, --keep-color, --no-mark     as 'koalarize colorize --help' explains them

Examples
  koalarize enqueue /archive/old -o /archive/new --queue redis://10.0.0.5:6379
  koalarize verify /archive/new --input /archive/old

Exit code: 0 all are in the queue or done, 1 some could not be (each is named, with the reason), 2 wrong usage.
`;

const OPTIONS = {
  output: path({ short: 'o' }),
  ...PICTURE_OPTIONS,
  queue: queueUrl,
  'per-job': integer(1, 10_000),
  'most-waiting': integer(1, Number.POSITIVE_INFINITY),
  rescan: flag(),
  'retry-bad': flag(),
} as const;

type Values = ValuesOf<typeof OPTIONS>;

const DEFAULTS = { perJob: 100, mostWaiting: 100_000 };
/** Jobs that are added at a time. */
const BULK = 500;
/** How often it is looked whether there is room in the queue. */
const ROOM_MS = 1000;
/** How often a request is tried again, while a server starts again, and after how long. */
const PATIENCE = { times: 30, ms: 1000 };
/** How often a job is tried, and after how long again at first; each time twice as long. */
export const RETRIES = { attempts: 4, ms: 30_000 };
/** Of the jobs that are done the last are kept, for `koalarize status`. */
export const KEPT_DONE = 1000;

/** Runs the command. @returns the exit code */
export function enqueueCommand(argv: string[]): Promise<number> {
  const argument = 'photographs or folders';
  return runCommand({ name: 'enqueue', help: HELP, options: OPTIONS, argument, several: true, run }, argv);
}

async function run(first: string, values: Values, more: readonly string[]): Promise<number> {
  const { output, queue: url } = values;
  if (!output) throw new UsageError({ expected: '-o OUT', got: 'none' });
  if (!url) throw new UsageError({ expected: '--queue URL', got: 'none' });
  const store = await openStore(absolutePlace(output));
  const engine = await Engine.load(url);
  const queue = await engine.queue();
  try {
    const { head, failures } = await manifestOf([first, ...more], store, values);
    await addLeft(engine, queue, store, head, values);
    return failures ? 1 : 0;
  } finally {
    await queue.close();
  }
}

/** The manifest that is there, or a new one. @throws FormatError for one of something else */
async function manifestOf(given: readonly string[], store: FileStore, values: Values) {
  const inputs = given.map(absolutePlace);
  const options = pictureOptions(values);
  const recipe = await recipeOf(requestOf(inputs, { ...options, output: store.name }));
  const wanted = { inputs, options, recipe, perJob: values['per-job'] ?? DEFAULTS.perJob };
  const there = values.rescan ? undefined : await readHead(store);
  if (there) {
    const differs = (Object.keys(wanted) as (keyof typeof wanted)[]).find(
      (key) => JSON.stringify(wanted[key]) !== JSON.stringify(there[key]),
    );
    if (differs === undefined) return { head: there, failures: 0 };
    const names = { inputs: 'inputs', options: 'options', recipe: 'weights and options', perJob: '--per-job' };
    throw new FormatError({
      where: store.name,
      expected: `the ${names[differs]} of its manifest (${JSON.stringify(there[differs])})`,
      got: JSON.stringify(wanted[differs]),
      hint: 'take another folder, or --rescan for a new manifest',
    });
  }
  const head: ManifestHead = { manifest: 1, id: randomBytes(6).toString('hex'), ...wanted };
  let failures = 0;
  const stream = streamJobs(inputs, store, options.pages === 'all', {
    failed: (reason) => {
      failures++;
      sayLine(`failed: ${reason}`);
    },
    leftOut: (files) => files.size && sayLine(`left out: ${leftOutText(files)}`),
  });
  const count = await writeManifest(store, head, stream, ({ folder, name, page, output }) => ({
    folder,
    path: name,
    ...(page !== undefined && { page }),
    output: store.inside(output),
  }));
  sayLine(`manifest: ${count} photographs`);
  return { head, failures };
}

/** The options of coloring, with absolute paths, in one order. */
function pictureOptions(values: Values): ColorizeValues {
  const files: readonly string[] = ['weights', 'extractor', 'inception'];
  const given = Object.keys(PICTURE_OPTIONS) as (keyof typeof PICTURE_OPTIONS)[];
  const entries = given.flatMap((name) => {
    const value = values[name];
    if (value === undefined) return [];
    return [[name, files.includes(name) ? resolve(String(value)) : value] as const];
  });
  return Object.fromEntries(entries);
}

/** Adds jobs for what is left of a manifest. Those that are in the queue already stay as they are. */
async function addLeft(engine: Engine, queue: ColorQueue, store: FileStore, head: ManifestHead, values: Values) {
  const known = await readKnown(store, head.recipe);
  const isThere = await store.presence();
  const patiently = async <T>(request: () => Promise<T>): Promise<T> => {
    for (let tried = 1; ; tried++) {
      try {
        return await request();
      } catch (cause) {
        if (tried === PATIENCE.times) throw engine.error(cause as Error);
        await wait(PATIENCE.ms);
      }
    }
  };
  const isLeft = ({ output }: { output: string }) => {
    const state = known(output);
    return state === undefined || (state === 'failed' ? values['retry-bad'] : !isThere(output));
  };
  // What is done and kept would be taken for a job that is there.
  const done = new Set((await patiently(() => queue.getCompleted(0, KEPT_DONE * 2))).map(({ id }) => id));
  let bulk: ReturnType<typeof jobOf>[] = [];
  let [photographs, left, jobs] = [0, 0, 0];
  const flush = async () => {
    while ((await patiently(() => countJobs(queue))).waiting > (values['most-waiting'] ?? DEFAULTS.mostWaiting)) {
      await wait(ROOM_MS);
    }
    for (const { opts } of bulk) if (done.has(opts.jobId)) await patiently(() => queue.remove(opts.jobId));
    const some = bulk;
    if (some.length) await patiently(() => queue.addBulk(some));
    bulk = [];
  };
  for await (const block of readBlocks(store, head.perJob)) {
    photographs += block.lines.length;
    const lines = block.lines.flatMap((line, i) => (isLeft(line) ? [i] : []));
    if (lines.length === 0) continue;
    left += lines.length;
    jobs++;
    bulk.push(jobOf(store.name, head, block, lines));
    if (bulk.length === BULK) await flush();
  }
  await flush();
  sayLine(`${photographs} photographs: ${photographs - left} done before, ${left} in ${jobs} jobs on ${engine.name}`);
}

function jobOf(output: string, { id }: ManifestHead, { index, at, bytes }: Block, lines: readonly number[]) {
  const data: JobData = { output, manifest: id, at, bytes, lines };
  return {
    name: 'color',
    data,
    opts: {
      // The same for the same photographs: what is there already is not added again.
      jobId: `${id}-${index}`,
      attempts: RETRIES.attempts,
      backoff: { type: 'exponential', delay: RETRIES.ms },
      removeOnComplete: { count: KEPT_DONE },
    },
  };
}
