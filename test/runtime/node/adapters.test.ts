import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Gpu } from '../../../src/runtime/gpu.ts';
import { listNodeAdapters, requestNodeAdapter } from '../../../src/runtime/node/adapters.ts';
import { folder, program } from '../../support/child.ts';

const hasBundled = process.platform === 'linux' && process.arch === 'x64';

const OPEN = `
  import { Gpu } from './src/runtime/gpu.ts';
  try {
    const gpu = await Gpu.open();
    const buffer = gpu.buffer('x', 16);
    gpu.write(buffer, Float32Array.of(1, 2, 3, 4));
    console.log(gpu.source, ...(await gpu.readFloats(buffer)));
    await gpu.close();
  } catch (error) {
    console.log(error.name + ': ' + error.message);
  }
`;

/** What the tests are started with must not change their outcome. */
const chosen = process.env.KOALARIZE_ADAPTER;
beforeEach(() => {
  delete process.env.KOALARIZE_ADAPTER;
});
afterEach(() => {
  if (chosen === undefined) delete process.env.KOALARIZE_ADAPTER;
  else process.env.KOALARIZE_ADAPTER = chosen;
});

describe('the choice of an adapter', () => {
  test('auto takes the best there is, and numbers go there and back', async () => {
    const adapters = await listNodeAdapters();
    const order = ['hardware', 'installed software', 'bundled software'];
    const best = order.find((source) => adapters.some((adapter) => adapter.source === source));
    await using(await Gpu.open(), async (gpu) => {
      expect(gpu.source).toBe(best);
      expect(gpu.software).toBe(gpu.source !== 'hardware');
      expect(await roundTrip(gpu)).toBe(true);
    });
  });

  test('hardware is a GPU, or an error that lists what there is', async () => {
    const adapters = await listNodeAdapters();
    if (adapters.some(({ source }) => source === 'hardware')) {
      expect((await requestNodeAdapter('hardware')).source).toBe('hardware');
    } else {
      const names = adapters.map(({ deviceName, source }) => `'${deviceName}' (${source})`).join(', ');
      await expect(Gpu.open({ adapter: 'hardware' })).rejects.toThrow(
        `adapter 'hardware': expected a GPU, got ${names} – choose one of these`,
      );
    }
  });

  test('bundled is SwiftShader, whatever is installed', async () => {
    if (!hasBundled) return expect(Gpu.open({ adapter: 'bundled' })).rejects.toThrow('expected the SwiftShader driver');
    await using(await Gpu.open({ adapter: 'bundled' }), async (gpu) => {
      expect(gpu.source).toBe('bundled software');
      expect(gpu.name).toMatch(/swiftshader/i);
      expect(await roundTrip(gpu)).toBe(true);
    });
  });

  test('each adapter is found by part of its name, in any case', async () => {
    for (const { deviceName, source } of await listNodeAdapters()) {
      const found = await requestNodeAdapter(deviceName.slice(0, 8).toUpperCase());
      expect([deviceName, found.source]).toEqual([deviceName, source]);
    }
  });

  test('an unknown name is an error that lists the adapters', async () => {
    const wrong = Gpu.open({ adapter: 'Voodoo 2' });
    await expect(wrong).rejects.toThrow("adapter 'Voodoo 2': expected an adapter with that in its name, got '");
    await expect(wrong).rejects.toMatchObject({ name: 'DeviceError' });
  });

  test('KOALARIZE_ADAPTER counts when nothing else is asked for', async () => {
    process.env.KOALARIZE_ADAPTER = 'Voodoo 2';
    await expect(Gpu.open()).rejects.toThrow("adapter 'Voodoo 2'");
    const [first] = await listNodeAdapters();
    expect((await requestNodeAdapter(first!.deviceName)).source).toBe(first!.source);
  });

  test('two drivers in one process, opened at once; the environment is as before', async () => {
    const before = { ...process.env };
    const both = await Promise.all([Gpu.open(), Gpu.open({ adapter: hasBundled ? 'bundled' : 'auto' })]);
    expect(both[1].source).toBe(hasBundled ? 'bundled software' : both[0].source);
    for (const gpu of both) expect(await roundTrip(gpu)).toBe(true);
    await Promise.all(both.map((gpu) => gpu.close()));
    expect(process.env).toEqual(before);
    await using(await Gpu.open(), async (gpu) => expect(gpu.source).toBe(both[0].source));
  });
});

describe('fresh machines', () => {
  /** No driver is installed, as far as Vulkan's loader can see. */
  const NO_DRIVER = { VK_DRIVER_FILES: '/none.json', VK_ICD_FILENAMES: '/none.json', KOALARIZE_ADAPTER: 'auto' };

  test('with a loader but no driver, the bundled one is used', async () => {
    const run = await program(OPEN);
    const { code, stdout } = await run({ ...NO_DRIVER, XDG_CACHE_HOME: folder() });
    expect(code).toBe(0);
    if (process.platform === 'linux')
      expect(stdout).toMatch(hasBundled ? /^bundled software 1 2 3 4$/m : /^DeviceError/);
  });

  test('with neither loader nor driver, the bundled ones are used, and nothing is complained of', async () => {
    const broken = folder();
    writeFileSync(join(broken, 'libvulkan.so.1'), '');
    const run = await program(OPEN);
    const data = { XDG_DATA_DIRS: '/none', XDG_DATA_HOME: '/none', XDG_CONFIG_DIRS: '/none', XDG_CONFIG_HOME: '/none' };
    const { code, stdout, stderr } = await run({ ...data, LD_LIBRARY_PATH: broken, KOALARIZE_ADAPTER: 'auto' });
    expect(code).toBe(0);
    if (!hasBundled) return;
    expect(stderr).not.toContain('Vulkan');
    // Drivers registered in /etc are seen all the same.
    if (!existsSync('/etc/vulkan/icd.d')) expect(stdout).toBe('bundled software 1 2 3 4\n');
  });

  test('with no driver at all, the error names the command that installs one', async () => {
    if (process.platform !== 'linux') return;
    const run = await program(OPEN, ['webgpu']);
    const { code, stdout } = await run(NO_DRIVER);
    expect(code).toBe(0);
    expect(stdout).toContain(
      "adapter 'auto': expected a GPU or a software driver, got no adapter at all – install one: ",
    );
    expect(stdout).toContain("'sudo apt install mesa-vulkan-drivers libvulkan1'");
    if (process.arch === 'x64') expect(stdout).toContain("or without root 'npm i @sparticuz/chromium'");
  });

  test('without the package webgpu, the error names it', async () => {
    const run = await program(OPEN, []);
    const { stdout } = await run();
    expect(stdout).toBe("DeviceError: webgpu: expected this npm package, got none – install it: 'npm i webgpu'\n");
  });
});

async function using(gpu: Gpu, body: (gpu: Gpu) => Promise<void>): Promise<void> {
  try {
    await body(gpu);
  } finally {
    await gpu.close();
  }
}

async function roundTrip(gpu: Gpu): Promise<boolean> {
  const data = Float32Array.from({ length: 16 }, (_, i) => i / 2);
  const buffer = gpu.buffer('round trip', data.byteLength);
  gpu.write(buffer, data);
  const back = await gpu.readFloats(buffer);
  return back.every((value, i) => value === data[i]);
}
