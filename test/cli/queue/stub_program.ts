/** The worker of stub.ts as a bundle, which can be started, told to stop, and killed. */
import { type ChildProcess, spawn } from 'node:child_process';
import { join, resolve } from 'node:path';
import { build } from 'esbuild';
import { forNode } from '../../../scripts/for_node.js';

const ROOT = resolve(import.meta.dirname, '../../..');

/** Bundles it into the repository, where its packages are found. @returns its path */
export async function bundleStub(): Promise<string> {
  // Two folders down, as what finds the weights expects.
  const outdir = join(ROOT, 'dist', 'stub');
  await build({ ...forNode, entryPoints: { stub: join(ROOT, 'test/cli/queue/stub.ts') }, outdir, logLevel: 'error' });
  return join(outdir, 'stub.js');
}

export interface StubWorker {
  readonly child: ChildProcess;
  /** Its exit code, or the signal that ended it, and what it said. */
  readonly ended: Promise<{ code: number | NodeJS.Signals | null; said: string }>;
}

/** Starts `koalarize work` with `argv`, or with a folder all jobs of its manifest; its last line is its figures. @param ms what each picture takes */
export function startStub(program: string, argv: readonly string[], ms = 0): StubWorker {
  const env = { ...process.env, KOALARIZE_STUB_MS: `${ms}` };
  const child = spawn(process.execPath, [program, ...argv], { env, stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr!.on('data', (text) => (said += text));
  const ended = new Promise<{ code: number | NodeJS.Signals | null; said: string }>((done) =>
    child.on('close', (code, signal) => done({ code: code ?? signal, said })),
  );
  return { child, ended };
}
