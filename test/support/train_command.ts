/** `koalarize train` in this process, and what it leaves. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { vi } from 'vitest';
import { train } from '../../src/cli/train/index.ts';

/** Runs the command, without the package's extractor unless one is named; `root` in what it says becomes ROOT. */
export async function callIn(
  root: string,
  ...argv: readonly string[]
): Promise<{ code: number; out: string; err: string }> {
  const named = argv.some((word) => ['--extractor', '--inception', '--maps', '--help', '--resume'].includes(word));
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

/** The lines of a run's log. */
export async function logOf(run: string): Promise<Record<string, number>[]> {
  const lines = (await readFile(join(run, 'log.jsonl'), 'utf8')).trimEnd().split('\n');
  return lines.map((line) => JSON.parse(line) as Record<string, number>);
}
