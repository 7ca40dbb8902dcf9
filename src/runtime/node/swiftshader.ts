/**
 * The software Vulkan driver inside the npm package `@sparticuz/chromium`: found, unpacked once into the user's cache.
 * It knows nothing of Dawn.
 */
import { existsSync, rmSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { homedir, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { brotliDecompress } from 'node:zlib';
import { DeviceError } from '../errors.ts';

/** Paths of the unpacked driver. */
export interface SwiftShader {
  /** A Vulkan loader, for systems that have none. */
  readonly loader: string;
  /** The file that tells a Vulkan loader of the driver. */
  readonly icd: string;
}

const PACKAGE = '@sparticuz/chromium';
const LOADER = 'libvulkan.so.1';
const ICD = 'vk_swiftshader_icd.json';
const FILES = [LOADER, ICD, 'libvk_swiftshader.so'];
const SIZES = 'sizes.json';

let unpacked: Promise<SwiftShader | undefined> | undefined;

/**
 * Finds the driver, and unpacks it if no earlier process has: into `$XDG_CACHE_HOME/koalarize` or `~/.cache/koalarize`,
 * or, where neither can be written, into a temporary folder that is removed at exit.
 *
 * @returns undefined where the package is not installed, or is of no use: it is built for Linux on x64.
 * @throws DeviceError when the package is damaged.
 */
export function findSwiftShader(): Promise<SwiftShader | undefined> {
  unpacked ??= find();
  return unpacked;
}

async function find(): Promise<SwiftShader | undefined> {
  const root = process.platform === 'linux' && process.arch === 'x64' ? packageRoot() : undefined;
  if (!root) return undefined;
  const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { version: string };
  const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'koalarize');
  let dir = join(cache, `swiftshader-${version}`);
  if (!(await isWhole(dir))) {
    const temporary = await makeFolder(dir);
    await unpack(archiveOf(root), temporary);
    dir = await moveTo(dir, temporary);
  }
  return { loader: join(dir, LOADER), icd: join(dir, ICD) };
}

/** Looks from this file and from the working directory: a global install and a project can each have the package. */
function packageRoot(): string | undefined {
  for (const from of [import.meta.url, join(process.cwd(), 'package.json')]) {
    try {
      let dir = dirname(createRequire(from).resolve(PACKAGE));
      while (!existsSync(archiveOf(dir)) && dir !== dirname(dir)) dir = dirname(dir);
      if (existsSync(archiveOf(dir))) return dir;
    } catch {
      // Not installed there.
    }
  }
  return undefined;
}

function archiveOf(root: string): string {
  return join(root, 'bin', 'swiftshader.tar.br');
}

/** A new folder beside `dir`, so that it can be renamed; else a temporary one for this process alone. */
async function makeFolder(dir: string): Promise<string> {
  try {
    await mkdir(dirname(dir), { recursive: true });
    return await mkdtemp(`${dir}.`);
  } catch {
    return mkdtemp(join(tmpdir(), 'koalarize-swiftshader-'));
  }
}

/** Gives `temporary` its final name, unless another process was faster or the name is on another disk. */
async function moveTo(dir: string, temporary: string): Promise<string> {
  for (let attempt = 0; dirname(temporary) === dirname(dir) && attempt < 3; attempt++) {
    try {
      await rename(temporary, dir);
      return dir;
    } catch {
      if (await isWhole(dir)) {
        await rm(temporary, { recursive: true, force: true });
        return dir;
      }
      // What stands there is damaged.
      await rm(dir, { recursive: true, force: true }).catch(() => undefined);
    }
  }
  process.once('exit', () => rmSync(temporary, { recursive: true, force: true }));
  return temporary;
}

async function isWhole(dir: string): Promise<boolean> {
  try {
    const sizes = JSON.parse(await readFile(join(dir, SIZES), 'utf8')) as Record<string, number>;
    for (const file of FILES) if ((await stat(join(dir, file))).size !== sizes[file]) return false;
    return true;
  } catch {
    return false;
  }
}

async function unpack(archive: string, dir: string): Promise<void> {
  try {
    const files = readTar(await promisify(brotliDecompress)(await readFile(archive)));
    const sizes: Record<string, number> = {};
    for (const file of FILES) {
      const data = files.get(file);
      if (!data) throw new Error(`${file} is not in it`);
      sizes[file] = data.length;
      await writeFile(join(dir, file), data);
    }
    await writeFile(join(dir, SIZES), JSON.stringify(sizes));
  } catch (cause) {
    await rm(dir, { recursive: true, force: true });
    const got = (cause as Error).message;
    throw new DeviceError(
      { where: archive, expected: 'the SwiftShader driver', got: `'${got}'`, hint: `reinstall it: npm i ${PACKAGE}` },
      { cause },
    );
  }
}

/**
 * Reads the plain files of a tar archive: 512-byte headers, each followed by its data, padded to 512.
 *
 * @returns contents by name; views of `tar`.
 */
export function readTar(tar: Uint8Array): Map<string, Uint8Array> {
  const files = new Map<string, Uint8Array>();
  const text = (start: number, end: number) => new TextDecoder().decode(tar.subarray(start, end)).split('\0')[0]!;
  for (let at = 0; at + 512 <= tar.length && tar[at] !== 0; ) {
    const name = text(at, at + 100).replace(/^\.\//, '');
    const size = Number.parseInt(text(at + 124, at + 136), 8);
    const type = tar[at + 156];
    const data = tar.subarray(at + 512, at + 512 + size);
    if (!(size >= 0) || data.length !== size) throw new Error(`it ends inside ${name}`);
    if (type === 0 || type === 0x30) files.set(name, data);
    at += 512 + Math.ceil(size / 512) * 512;
  }
  return files;
}
