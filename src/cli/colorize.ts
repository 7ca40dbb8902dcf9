/** `koalarize IMAGE|FOLDER… -o OUT`: colours image files, one after the other. */
import { existsSync } from 'node:fs';
import { mkdir, readdir, stat } from 'node:fs/promises';
import { basename, extname, join, relative, resolve } from 'node:path';
import { performance } from 'node:perf_hooks';
import { borderPixels } from '../image/border.ts';
import { applyChroma } from '../image/chroma.ts';
import { WRITABLE_EXTENSIONS } from '../image/formats.ts';
import { type ImageFile, readImage, writeImage } from '../image/node.ts';
import { Colorizer, type ColorizerOptions } from '../model/colorizer.ts';
import { FormatError } from '../runtime/errors.ts';
import { type ColorizeRequest, HELP, readArguments } from './colorize_options.ts';
import { isExpected, reasonOf, UsageError, usage } from './messages.ts';

interface Job {
  readonly input: string;
  readonly output: string;
  /** Why it cannot be done, if that is known already. */
  readonly error?: string;
}

/** Runs the command. @returns the exit code */
export async function colorizeCommand(argv: string[]): Promise<number> {
  const hint = 'koalarize colorize --help';
  let request: ColorizeRequest | undefined;
  try {
    request = readArguments(argv);
  } catch (cause) {
    if (cause instanceof UsageError) return usage(cause.message, hint);
    throw cause;
  }
  if (!request) {
    process.stdout.write(HELP);
    return 0;
  }
  const plan = await planJobs(request.inputs, request.output);
  if (typeof plan === 'string') return usage(plan, hint);
  const jobs = request.skipExisting ? plan.filter(({ output, error }) => error || !existsSync(output)) : plan;
  const skipped = plan.length - jobs.length;
  const { load, colorize } = request;
  const report = new Reporter(jobs.length, request.json);

  /** Does a part of the work; where that fails as it may, says so and returns nothing. */
  const attempt = async <R>(job: Job, work: () => Promise<R>): Promise<R | undefined> => {
    try {
      return await work();
    } catch (error) {
      if (!isExpected(error)) throw error;
      report.failed(job, reasonOf(error));
      return undefined;
    }
  };
  let colorizer: Colorizer | undefined;
  try {
    for (const job of jobs) {
      // Read first: a folder of unreadable files needs no device.
      const picture = await attempt(job, () => read(job));
      if (!picture) continue;
      colorizer ??= await attempt(job, () => openColorizer(load, report));
      if (!colorizer) break; // Without a device or weights no picture can be done.
      const open = colorizer;
      await attempt(job, async () => {
        const start = performance.now();
        const chroma = await open.chroma(picture, colorize);
        const coloured = applyChroma(picture, chroma, colorize);
        const border = chroma.border && borderPixels(chroma.border, picture);
        await mkdir(resolve(job.output, '..'), { recursive: true }).catch(() => undefined); // writeImage says why not
        const { warnings } = await writeImage(job.output, coloured, { metadata: picture.metadata });
        report.done(job, picture, performance.now() - start, [...picture.warnings, ...warnings], border);
      });
    }
  } finally {
    await colorizer?.close();
  }
  return report.finish(skipped);
}

async function read({ input, error }: Job): Promise<ImageFile> {
  if (error) throw new FormatError(error);
  return readImage(input);
}

async function openColorizer(options: ColorizerOptions, report: Reporter) {
  const colorizer = await Colorizer.load(options);
  report.device(`${colorizer.gpu.name} (${colorizer.gpu.source})`);
  return colorizer;
}

/** Which file becomes which; or what is wrong with the request. */
async function planJobs(inputs: readonly string[], out: string): Promise<Job[] | string> {
  const isFolder = async (path: string) => (await stat(path).catch(() => undefined))?.isDirectory() ?? false;
  const intoFolder = inputs.length > 1 || /[/\\]$/.test(out) || (await isFolder(out)) || (await isFolder(inputs[0]!));
  const extension = extname(out).toLowerCase();
  if (!intoFolder && !WRITABLE_EXTENSIONS.includes(extension)) {
    return `-o: expected a file that ends in ${WRITABLE_EXTENSIONS.join(', ')}, or a folder (with a / at its end), got '${out}'`;
  }
  if (!intoFolder) return [withChecks({ input: inputs[0]!, output: out })];
  if ((await stat(out).catch(() => undefined))?.isFile())
    return `-o: expected a folder for several pictures, got the file '${out}'`;
  const taken = new Set<string>();
  const jobs: Job[] = [];
  for (const input of inputs) {
    const files = (await isFolder(input)) ? await picturesIn(input) : [input];
    if (files.length === 0)
      jobs.push({ input, output: out, error: `${input}: expected pictures in this folder, got none` });
    for (const file of files) {
      const name = file === input ? basename(file) : relative(input, file);
      jobs.push(withChecks({ input: file, output: free(join(out, writable(name)), taken) }));
    }
  }
  return jobs;
}

function withChecks(job: Job): Job {
  if (resolve(job.input) !== resolve(job.output)) return job;
  return { ...job, error: `${job.input}: expected another output file, got the input itself – choose another -o` };
}

const READABLE = new Set([...WRITABLE_EXTENSIONS, '.heic', '.heif', '.svg', '.jp2', '.jxl']);

async function picturesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && !entry.name.startsWith('.') && READABLE.has(extname(entry.name).toLowerCase()))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

/** The same name where its format can be written, else as PNG. */
function writable(name: string): string {
  const extension = extname(name);
  return WRITABLE_EXTENSIONS.includes(extension.toLowerCase())
    ? name
    : `${name.slice(0, name.length - extension.length)}.png`;
}

/** A path that no other picture of this call has: `a.jpg`, `a-2.jpg`, … */
function free(path: string, taken: Set<string>): string {
  const extension = extname(path);
  const stem = path.slice(0, path.length - extension.length);
  let candidate = path;
  for (let i = 2; taken.has(candidate); i++) candidate = `${stem}-${i}${extension}`;
  taken.add(candidate);
  return candidate;
}

/** Says what happens: on standard error for people, on standard output as JSON for programs. */
class Reporter {
  #count = 0;
  #failures = 0;
  readonly #total: number;
  readonly #json: boolean;

  constructor(total: number, json: boolean) {
    this.#total = total;
    this.#json = json;
  }

  device(name: string): void {
    process.stderr.write(`device: ${name}\n`);
  }

  done(
    { input, output }: Job,
    { width, height }: { width: number; height: number },
    ms: number,
    warnings: string[],
    border?: readonly number[],
  ): void {
    this.#count++;
    if (this.#json)
      this.#line({ input, output, width, height, ms: Math.round(ms), ...(border && { border }), warnings });
    else {
      process.stderr.write(
        `[${this.#count}/${this.#total}] ${input} → ${output}  ${width}x${height}  ${(ms / 1000).toFixed(1)} s\n`,
      );
      if (border)
        process.stderr.write(
          `  border: ${border.join(' ')} pixels (top, right, bottom, left) left neutral; --border none colours all\n`,
        );
      for (const warning of warnings) process.stderr.write(`  warning: ${warning}\n`);
    }
  }

  failed({ input }: Job, reason: string): void {
    this.#count++;
    this.#failures++;
    if (this.#json) this.#line({ input, error: reason });
    process.stderr.write(
      `[${this.#count}/${this.#total}] failed: ${reason.includes(input) ? reason : `${input}: ${reason}`}\n`,
    );
  }

  finish(skipped: number): number {
    const left = this.#total - this.#count;
    const parts = [`${this.#count - this.#failures} coloured`];
    if (skipped) parts.push(`${skipped} were there already`);
    if (this.#failures) parts.push(`${this.#failures} failed`);
    if (left) parts.push(`${left} not tried`);
    process.stderr.write(`${parts.join(', ')}\n`);
    return this.#failures ? 1 : 0;
  }

  #line(value: unknown): void {
    process.stdout.write(`${JSON.stringify(value)}\n`);
  }
}
