/** Compilers of the makers, where `npm run isa -- setup` has installed them: the tests are left out elsewhere, and say so. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Kernel } from '../../../bench/isa/output.ts';
import { openTools } from '../../../bench/isa/tools.ts';

const tools = (() => {
  try {
    return openTools();
  } catch (cause) {
    console.warn(`left out: ${(cause as Error).message}`);
    return undefined;
  }
})();
if (tools && !tools.complete) console.warn("left out: Intel – 'npm run isa -- setup' without --no-intel installs it");

const script = join(import.meta.dirname, '../../../scripts/isa.js');

function isa(...args: string[]) {
  const folder = mkdtempSync(join(tmpdir(), 'isa-'));
  const json = join(folder, 'figures.json');
  const { status, stderr } = spawnSync(process.execPath, [script, ...args, '--json', json], { encoding: 'utf8' });
  const read = () => JSON.parse(readFileSync(json, 'utf8')) as { gpus: Record<string, { kernels: Kernel[] }> };
  const figures = status === 0 ? read() : undefined;
  rmSync(folder, { recursive: true });
  return { status, stderr, figures };
}

const gpus = ['navi31', 'sm_90', ...(tools?.complete ? ['bmg'] : [])];

describe.runIf(tools)('with the compilers', () => {
  test.each(gpus)('%s: a GEMM has registers, no spills and 256 multiply-adds in a step', (gpu) => {
    const { stderr, figures } = isa('kernels', 'conv2d_gemm/32x32/plain/of_4', '--gpu', gpu);
    expect(stderr).toBe('');
    const [kernel, ...others] = figures!.gpus[gpu]!.kernels;
    expect(others).toEqual([]);
    // 16 sums of 16 terms a thread, and no multiply-add of a scalar beside them.
    expect(kernel).toMatchObject({ label: 'conv2d_gemm/32x32/plain/of_4', spills: 0, loop: { step: { work: 256 } } });
  });

  test('a kernel that there is not fails', () => {
    expect(isa('kernels', 'conv3d', '--gpu', 'navi31').status).toBe(1);
  });
});
