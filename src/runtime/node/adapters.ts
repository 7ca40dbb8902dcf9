/**
 * Dawn in Node: which driver it is given, and which of the adapters it then has is chosen. Not what is done with it.
 *
 * Dawn opens its Vulkan loader, and that its drivers, inside the call of `requestAdapter`; the environment of that
 * moment decides. So each search sets it, calls, and puts it back, and one process can use several drivers.
 */
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { constants, tmpdir, totalmem } from 'node:os';
import { isMainThread } from 'node:worker_threads';
import { type AdapterSource, adapterName, isSoftware, type PlatformAdapter, type Precision } from '../adapter.ts';
import { DeviceError } from '../errors.ts';
import { expectNoPointer, readError } from '../file_errors.ts';
import { idleWait } from './idle_wait.ts';
import { findSwiftShader } from './swiftshader.ts';

/** An adapter as Dawn in Node lists it. */
export interface NodeAdapter extends PlatformAdapter {
  /** As the driver names the device; `adapterName` is what WebGPU tells of it. */
  readonly deviceName: string;
  /** `vulkan`, `metal`, `d3d12`. */
  readonly backend: string;
}

/** Dawn with the flags that all its instances are made with. */
interface Dawn {
  readonly flags: readonly string[];
  readonly create: (flags: string[]) => GPU;
}
type Driver = 'installed' | 'bundled';

/** Dawn's flags. The environment variable `KOALARIZE_DAWN` names more features to enable, for benchmarks. */
function flagsFor(precision: Precision): string[] {
  // shader-f16 is hidden on NVIDIA otherwise; so are matrix units everywhere.
  const hidden = ['vulkan_enable_f16_on_nvidia', ...(precision === 'f16' ? ['allow_unsafe_apis'] : [])];
  const features = [...hidden, ...(process.env.KOALARIZE_DAWN?.split(',') ?? [])];
  // Timestamps come in steps of 65,536 ns otherwise.
  return ['disable-dawn-features=timestamp_quantization', `enable-dawn-features=${features.join()}`];
}

/**
 * Chooses an adapter.
 *
 * @param choice `auto`: a GPU, else an installed software driver, else the bundled one, unless the environment variable
 *   `KOALARIZE_ADAPTER` holds one of the others: `hardware`; `software`, installed or bundled; `bundled`;
 *   or part of an adapter's name, in any case.
 * @param precision with `f16` an adapter shows its matrix units
 * @throws DeviceError when there is no such adapter. The message lists those there are, or says how to install one.
 */
export async function requestNodeAdapter(choice: string, precision: Precision = 'f32'): Promise<PlatformAdapter> {
  const wanted = (choice === 'auto' && process.env.KOALARIZE_ADAPTER) || choice;
  const dawn = await loadDawn(precision);
  const found = await choose(dawn, wanted);
  if (found) return found;
  const others = wanted === 'auto' ? [] : await list(dawn);
  const got = others.map(({ deviceName, source }) => `'${deviceName}' (${source})`).join(', ') || 'no adapter at all';
  const hint = remedy(wanted, others.length > 0);
  throw new DeviceError({ where: `adapter '${wanted}'`, expected: expectation(wanted), got, hint });
}

/**
 * Lists the adapters of all drivers, installed ones first. Of several cards with one name, only the first is listed.
 *
 * @throws DeviceError when the package `webgpu` is missing.
 */
export async function listNodeAdapters(): Promise<NodeAdapter[]> {
  return list(await loadDawn('f32'));
}

async function choose(dawn: Dawn, wanted: string): Promise<PlatformAdapter | undefined> {
  switch (wanted) {
    case 'auto':
      return (await search(dawn, 'installed')) ?? search(dawn, 'bundled');
    case 'hardware': {
      const found = await search(dawn, 'installed');
      return found?.software ? undefined : found;
    }
    case 'software':
      // Dawn's forceFallbackAdapter overlooks installed drivers.
      return (await list(dawn)).find(({ software }) => software);
    case 'bundled':
      return search(dawn, 'bundled');
    default: {
      const part = wanted.toLowerCase();
      const matches = ({ deviceName, adapter }: NodeAdapter) =>
        `${deviceName} ${adapterName(adapter.info)}`.toLowerCase().includes(part);
      return (await list(dawn)).find(matches);
    }
  }
}

async function list(dawn: Dawn): Promise<NodeAdapter[]> {
  const adapters: NodeAdapter[] = [];
  for (const driver of ['installed', 'bundled'] as const) {
    for (const { deviceName, backend } of await names(dawn, driver)) {
      const found = await search(dawn, driver, deviceName);
      const known = adapters.some((other) => other.deviceName === deviceName && other.source === found?.source);
      if (found && !known) adapters.push({ ...found, deviceName, backend });
    }
  }
  return adapters;
}

/** Dawn has no call that lists adapters, but asked for one that does not exist, it names those that do. */
async function names(dawn: Dawn, driver: Driver): Promise<{ deviceName: string; backend: string }[]> {
  try {
    await search(dawn, driver, '?');
    return [];
  } catch (cause) {
    const lines = String((cause as Error).message ?? cause).matchAll(/^ \* backend: '(.*?)', name: '(.*)'$/gm);
    const found = new Map([...lines].map(([, backend, deviceName]) => [deviceName!, backend!]));
    const all = [...found].map(([deviceName, backend]) => ({ deviceName, backend }));
    return driver === 'installed' && bundledLoader ? all.filter((one) => !isSwiftShader(one.deviceName)) : all;
  }
}

/**
 * Dawn's instances, by what they were made with; for the rest of the process. Dawn hangs or crashes when one is garbage
 * collected while its device lives, and even soon after the device is destroyed.
 */
const instances = new Map<string, GPU>();

/** The best adapter of one driver, or the first that has `deviceName` in its name; undefined when it has none. */
async function search(dawn: Dawn, driver: Driver, deviceName?: string): Promise<PlatformAdapter | undefined> {
  const environment = await environmentFor(driver);
  if (!environment) return undefined;
  const request = withEnvironment(environment, () => {
    const key = JSON.stringify([dawn.flags, deviceName, process.env.VK_DRIVER_FILES, process.env.VK_ADD_DRIVER_FILES]);
    const adapter = deviceName === undefined ? [] : [`adapter=${deviceName}`];
    const instance = instances.get(key) ?? dawn.create([...dawn.flags, ...adapter]);
    instances.set(key, instance);
    return instance.requestAdapter({ powerPreference: 'high-performance' });
  });
  const adapter = await request;
  if (!adapter) return undefined;
  const isBundled = isSwiftShader(adapterName(adapter.info)) && Object.values(environment).some(Boolean);
  if (driver === 'installed' && isBundled) {
    const [other] = await names(dawn, driver);
    return other && search(dawn, driver, other.deviceName);
  }
  // In a worker thread with an environment of its own: changing that has no effect on Vulkan's loader.
  if (driver === 'bundled' && !isBundled) return undefined;
  const software = isSoftware(adapter.info);
  const source: AdapterSource = isBundled ? 'bundled software' : software ? 'installed software' : 'hardware';
  return {
    adapter,
    source,
    software,
    implementation: implementation(dawn),
    ...(software && { memoryBytes: systemMemory(), wait: idleWait }),
  };
}

function isSwiftShader(name: string): boolean {
  return /swiftshader/i.test(name);
}

/** What Vulkan's loader is to find in the environment, by variable; undefined where there is no such driver. */
async function environmentFor(driver: Driver): Promise<Record<string, string | undefined> | undefined> {
  if (process.platform !== 'linux') return driver === 'installed' ? {} : undefined;
  hasLoader ??= makeResident('libvulkan.so.1');
  const swiftShader = driver === 'bundled' || !hasLoader ? await findSwiftShader() : undefined;
  if (swiftShader && !hasLoader) bundledLoader ??= makeResident(swiftShader.loader);
  if (driver === 'bundled') {
    // The first name is the one of today; loaders before 1.3.207 know the second only.
    const icd = swiftShader?.icd;
    return icd === undefined
      ? undefined
      : { VK_DRIVER_FILES: icd, VK_ICD_FILENAMES: icd, VK_ADD_DRIVER_FILES: undefined };
  }
  // A loader that finds no driver at all complains on stderr, so where it is the bundled one, it is told of its own too.
  return bundledLoader ? { VK_ADD_DRIVER_FILES: swiftShader?.icd } : {};
}
let hasLoader: boolean | undefined;
let bundledLoader: boolean | undefined;

/**
 * Loads a shared library for the rest of the process, so that Dawn finds it under its soname.
 *
 * @returns false when there is no such library.
 */
function makeResident(library: string): boolean {
  const RTLD_NODELETE = 0x1000; // Linux; Node unloads the library again otherwise.
  try {
    process.dlopen({ exports: {} }, library, constants.dlopen.RTLD_LAZY | constants.dlopen.RTLD_GLOBAL | RTLD_NODELETE);
    return true;
  } catch (cause) {
    // It is loaded by then; that it is no Node addon is no surprise.
    return /self-register/.test((cause as Error).message);
  }
}

/** Runs `body` with environment variables set (or unset: undefined), and puts them back. */
function withEnvironment<T>(values: Record<string, string | undefined>, body: () => T): T {
  // Without it Mesa warns on stderr.
  const wanted = { XDG_RUNTIME_DIR: process.env.XDG_RUNTIME_DIR || tmpdir(), ...values };
  const before = Object.keys(wanted).map((name) => [name, process.env[name]] as const);
  setEnvironment(Object.entries(wanted));
  try {
    return body();
  } finally {
    setEnvironment(before);
  }
}

function setEnvironment(values: Iterable<readonly [string, string | undefined]>): void {
  for (const [name, value] of values) {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
}

/** Dawn's package with its version and flags: others make other kernels of the same WGSL. */
function implementation({ flags }: Dawn): string {
  const { version } = createRequire(import.meta.url)('webgpu/package.json') as { version: string };
  return `webgpu ${version} ${flags.join(' ')}`;
}

/** Bytes of memory this process may use: the container's limit, if there is one. */
function systemMemory(): number {
  return Math.min(totalmem(), process.constrainedMemory() || Number.POSITIVE_INFINITY);
}

async function loadDawn(precision: Precision): Promise<Dawn> {
  let dawn: typeof import('webgpu');
  try {
    dawn = await import('webgpu');
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code === 'ERR_MODULE_NOT_FOUND') {
      throw new DeviceError(
        { where: 'webgpu', expected: 'this npm package', got: 'none', hint: "install it: 'npm i webgpu'" },
        { cause },
      );
    }
    throw new DeviceError(
      {
        where: 'webgpu',
        expected: 'Dawn to load',
        got: `'${message}'`,
        hint: 'it is built for Linux with glibc, macOS and Windows, on x64 and arm64',
      },
      { cause },
    );
  }
  return { flags: flagsFor(precision), create: dawn.create };
}

function expectation(wanted: string): string {
  switch (wanted) {
    case 'auto':
      return 'a GPU or a software driver';
    case 'hardware':
      return 'a GPU';
    case 'software':
      return 'a software driver';
    case 'bundled':
      return 'the SwiftShader driver of the npm package @sparticuz/chromium';
    default:
      return 'an adapter with that in its name';
  }
}

function remedy(wanted: string, others: boolean): string {
  if (others && wanted !== 'software' && wanted !== 'bundled') return 'choose one of these';
  if (process.platform !== 'linux') return "update the graphics driver, or choose 'auto'";
  if (wanted === 'bundled' && process.arch !== 'x64') return "it is built for x64: choose 'auto'";
  if (!isMainThread) return 'open it in the main thread, or start this worker with { env: SHARE_ENV }';
  const noRoot = "'npm i @sparticuz/chromium'";
  if (wanted === 'bundled') return `install it: ${noRoot}`;
  const packages = 'mesa-vulkan-drivers libvulkan1';
  const debian12 = `on Debian 12, whose own is too old, 'sudo apt install -t bookworm-backports ${packages}'`;
  return `install one: 'sudo apt install ${packages}' (${debian12})${process.arch === 'x64' ? `, or without root ${noRoot}` : ''}`;
}

/** Reads a file. @throws EnvironmentError when that cannot be done, FormatError when it is a Git LFS pointer. */
export async function readBytes(path: string | URL): Promise<Uint8Array> {
  const file = await readFile(path).catch((cause: Error) => {
    throw readError(String(path), 'a file', cause);
  });
  expectNoPointer(String(path), file);
  return file;
}
