/** `koalarize train` in this process and as a program, and what it leaves. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { build } from 'esbuild';
import { vi } from 'vitest';
import { train } from '../../src/cli/train/index.ts';

/** Runs the command, without the package's extractor unless one is named; `root` in what it says becomes ROOT. */
export async function callIn(
  root: string,
  ...argv: readonly string[]
): Promise<{ code: number; out: string; err: string }> {
  const named = argv.some((word) =>
    ['--extractor', '--inception', '--maps', '--help', '--resume', '--join'].includes(word),
  );
  const words = named ? argv : ['--extractor', 'none', ...argv];
  const texts = { stdout: '', stderr: '' };
  const spies = (['stdout', 'stderr'] as const).map((stream) =>
    vi.spyOn(process[stream], 'write').mockImplementation((text) => {
      texts[stream] += String(text);
      return true;
    }),
  );
  try {
    return { code: await train([...words]), out: texts.stdout, err: texts.stderr.replaceAll(root, 'ROOT') };
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
}

const ROOT = resolve(import.meta.dirname, '../..');

/** Bundles the command into a folder from which the packages are found. @returns the program's path */
export async function bundleTrain(name: string): Promise<string> {
  const program = join(ROOT, `node_modules/.cache/koalarize-test/${name}.js`);
  await build({
    stdin: {
      contents: `import { train } from './src/cli/train/index.ts'; process.exit(await train(process.argv.slice(2)));`,
      resolveDir: ROOT,
      loader: 'ts',
    },
    outfile: program,
    bundle: true,
    format: 'esm',
    platform: 'node',
    external: ['webgpu', 'sharp', 'bullmq', 'ioredis', 'pg', '@sparticuz/chromium'],
    loader: { '.wgsl': 'text' },
  });
  return program;
}

/** The command as a process of its own. */
export interface TrainProcess {
  readonly child: ChildProcess;
  /** What it has said so far. */
  output(): string;
  /** Its exit code and the signal that ended it. */
  readonly exit: Promise<unknown[]>;
}

/** Starts what `bundleTrain` has made. */
export function startTrain(program: string, argv: readonly string[]): TrainProcess {
  const child = spawn(process.execPath, [program, ...argv], { stdio: ['ignore', 'pipe', 'pipe'] });
  let text = '';
  for (const stream of [child.stdout!, child.stderr!]) stream.on('data', (part) => (text += String(part)));
  return { child, output: () => text, exit: once(child, 'exit') };
}

/** The lines of a run's log. */
export async function logOf(run: string): Promise<Record<string, number>[]> {
  const lines = (await readFile(join(run, 'log.jsonl'), 'utf8')).trimEnd().split('\n');
  return lines.map((line) => JSON.parse(line) as Record<string, number>);
}
