/** Runs the built command line, dist/cli.js, as a user would. */
import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { vi } from 'vitest';
import { testWeights } from '../model/weights.ts';

export interface Result {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `koalarize` with `args`. `measure` adds the peak resident memory, in bytes. */
export function koalarize(args: readonly string[], env: Record<string, string> = {}): Promise<Result> {
  return new Promise((done, fail) => {
    const cli = resolve(import.meta.dirname, '../../dist/cli.js');
    const child = spawn(process.execPath, [cli, ...args], { env: { ...process.env, ...env } });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (text) => (stdout += text));
    child.stderr.on('data', (text) => (stderr += text));
    child.on('error', fail);
    child.on('close', (code) => done({ code, stdout, stderr }));
  });
}

/** A fresh folder. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'koalarize-'));
  await mkdir(folder, { recursive: true });
  return folder;
}

/** Weights of a small, untrained network: strong enough to colour visibly. */
export async function writeTestWeights(path: string, gain = 30): Promise<void> {
  await writeFile(path, testWeights(gain));
}

/** Runs a command in this process, and keeps what it writes. */
export async function captured(run: () => Promise<number>): Promise<{ code: number; out: string; err: string }> {
  const written = { stdout: '', stderr: '' };
  const spies = (['stdout', 'stderr'] as const).map((stream) =>
    vi.spyOn(process[stream], 'write').mockImplementation((text) => {
      written[stream] += String(text);
      return true;
    }),
  );
  try {
    return { code: await run(), out: written.stdout, err: written.stderr };
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
}
