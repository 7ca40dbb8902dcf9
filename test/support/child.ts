/** Programs run in a Node process of their own, in a folder that has only the packages it is given. */
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { type BuildOptions, build } from 'esbuild';
import { afterAll } from 'vitest';

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** A new folder, removed after the file's tests. */
export function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'koalarize-test-'));
  folders.push(path);
  return path;
}

export interface Result {
  readonly code: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Bundles an ES module for Node; the packages with parts of the system's own stay outside. */
export async function bundle(entry: Pick<BuildOptions, 'stdin' | 'entryPoints'>, outfile: string): Promise<void> {
  await build({
    ...entry,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    outfile,
    external: ['webgpu', 'sharp', '@sparticuz/chromium'],
    loader: { '.wgsl': 'text' },
    logLevel: 'error',
  });
}

/** Bundles `source`, an ES module that imports from `./src/…`; the function runs it, with variables added to the environment. */
export async function program(
  source: string,
  packages: string[] = ['webgpu', '@sparticuz/chromium'],
): Promise<(variables?: Record<string, string>) => Promise<Result>> {
  const cwd = folder();
  for (const name of packages) {
    const link = join(cwd, 'node_modules', name);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(resolve('node_modules', name), link);
  }
  const outfile = join(cwd, 'main.mjs');
  await bundle({ stdin: { contents: source, resolveDir: resolve('.'), loader: 'ts' } }, outfile);
  return (variables = {}) =>
    new Promise((done) => {
      const env = { ...process.env, ...variables };
      // A child that hangs is killed, and its signal says so.
      execFile(process.execPath, [outfile], { cwd, env, timeout: 60_000 }, (error, stdout, stderr) => {
        const code = error ? (typeof error.code === 'number' ? error.code : null) : 0;
        done({ code, signal: error?.signal ?? null, stdout, stderr });
      });
    });
}
