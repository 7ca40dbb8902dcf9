import { expect, test } from 'vitest';
import { program } from '../support/child.ts';

const SOURCE = (json: boolean) => `
  import { devices } from './src/cli/devices.ts';
  process.exitCode = await devices({ json: ${json} });
`;
const AUTO = { KOALARIZE_ADAPTER: 'auto' };

test('devices lists adapters, and which one is chosen', async () => {
  const run = await program(SOURCE(true));
  const { code, stdout } = await run(AUTO);
  expect(code).toBe(0);
  const adapters = JSON.parse(stdout);
  expect(adapters.filter(({ chosen }: { chosen: boolean }) => chosen)).toHaveLength(1);
  for (const { device, source, name, backend, features, limits } of adapters) {
    expect(device).not.toBe('');
    expect(name).not.toBe('');
    expect(['hardware', 'installed software', 'bundled software']).toContain(source);
    expect(['vulkan', 'metal', 'd3d12']).toContain(backend);
    expect(features).toContain('core-features-and-limits');
    expect(limits.maxComputeInvocationsPerWorkgroup).toBeGreaterThanOrEqual(128);
  }

  const table = (await (await program(SOURCE(false)))(AUTO)).stdout;
  for (const { device, source, chosen } of adapters) {
    expect(table).toContain(`${device} – ${source}${chosen ? ' – chosen by default' : ''}\n`);
  }
  for (const line of table.split('\n')) expect(line.length).toBeLessThan(160);
});

test('devices follows KOALARIZE_ADAPTER', async () => {
  const run = await program(SOURCE(true));
  const last = JSON.parse((await run(AUTO)).stdout).at(-1);
  const again = JSON.parse((await run({ KOALARIZE_ADAPTER: last.device })).stdout);
  expect(again.at(-1)).toEqual({ ...last, chosen: true });
});

test('devices tells on stderr why there is nothing to run on, and fails', async () => {
  const run = await program(SOURCE(false), []);
  expect(await run(AUTO)).toEqual({
    code: 1,
    signal: null,
    stdout: '',
    stderr: "webgpu: expected this npm package, got none – install it: 'npm i webgpu'\n",
  });
  const { code, stdout, stderr } = await (await program(SOURCE(false)))({ KOALARIZE_ADAPTER: 'Voodoo 2' });
  expect(code).toBe(1);
  expect(stdout).toContain('maxBufferSize');
  expect(stderr).toContain("adapter 'Voodoo 2': expected");
});
