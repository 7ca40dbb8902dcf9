/** A project of somebody else's: a folder with the packed package in its node_modules, and no network. */
import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll } from 'vitest';
import { readTar } from '../../src/runtime/node/swiftshader.ts';

const root = resolve(import.meta.dirname, '../..');

export interface Consumer {
  readonly folder: string;
  /** The package's files with their sizes in bytes. */
  readonly files: ReadonlyMap<string, number>;
  /** Bytes of the tarball. */
  readonly packed: number;
}

/** Packs what is built, and unpacks it where npm would. What is optional is linked from this repository. */
export async function makeConsumer(): Promise<Consumer> {
  const folder = await mkdtemp(join(tmpdir(), 'koalarize-consumer-'));
  afterAll(() => rm(folder, { recursive: true, force: true }));
  const { status, stdout, stderr } = spawnSync('npm', ['pack', '--json', '--pack-destination', folder], {
    cwd: root,
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(stderr);
  const [{ filename, size }] = JSON.parse(stdout) as [{ filename: string; size: number }];
  const files = new Map<string, number>();
  for (const [path, data] of readTar(gunzipSync(await readFile(join(folder, filename))))) {
    const name = path.replace(/^package\//, '');
    const target = join(folder, 'node_modules/koalarize', name);
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, data);
    files.set(name, data.length);
  }
  await mkdir(join(folder, 'node_modules/@sparticuz'));
  for (const name of ['webgpu', 'sharp', '@sparticuz/chromium']) {
    await symlink(join(root, 'node_modules', name), join(folder, 'node_modules', name));
  }
  await writeFile(join(folder, 'package.json'), '{ "type": "module", "private": true }');
  return { folder, files, packed: size };
}

/** Runs Node there. @returns what it prints @throws Error when it fails */
export function runNode({ folder }: Consumer, ...args: string[]): string {
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8' });
  if (status !== 0) throw new Error(`exit ${status}: ${stderr}`);
  return stdout.trim();
}
