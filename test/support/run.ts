/** Runs the built command line, dist/cli.js, as a user would. */
import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, readdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { vi } from 'vitest';
import { built } from './built.ts';
import { testWeights } from './weights.ts';

export interface Result {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `koalarize` with `args`; as another user where `who` says so. */
export function koalarize(args: readonly string[], env: Record<string, string> = {}, who = {}): Promise<Result> {
  return new Promise((done, fail) => {
    const cli = built('cli.js');
    const child = spawn(process.execPath, [cli, ...args], { env: { ...process.env, ...env }, ...who });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (text) => (stdout += text));
    child.stderr.on('data', (text) => (stderr += text));
    child.on('error', fail);
    child.on('close', (code) => done({ code, stdout, stderr }));
  });
}

/** A user whom permissions bind: for root, who may read and write everything, `nobody`; else the one there is. */
export const BOUND = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {};

/** A fresh folder. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'koalarize-'));
  await mkdir(folder, { recursive: true });
  return folder;
}

/** The files of a folder that are not hidden, as the ledger is, sorted. */
export async function visible(folder: string): Promise<string[]> {
  return (await readdir(folder)).filter((name) => !name.startsWith('.')).sort();
}

/** Weights of a small, untrained network: strong enough to color visibly. */
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
