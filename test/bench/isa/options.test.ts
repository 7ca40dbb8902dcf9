/** Arguments of `npm run isa`, the names in them, and what it says where its compilers are missing. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { expectSubgroups, makerOf } from '../../../bench/isa/gpus.ts';
import { readOptions } from '../../../bench/isa/options.ts';
import { matching, variantsOf } from '../../../bench/isa/programs/variants.ts';
import { openTools } from '../../../bench/isa/tools.ts';
import { conv2dMatrix } from '../../../src/kernels/conv/gemm/conv2d_matrix.ts';
import { winogradInput } from '../../../src/kernels/conv/winograd/winograd_input.ts';
import type { KernelSpec } from '../../../src/kernels/core/define.ts';

test('compilers that are missing are named with the command that installs them', () => {
  const empty = mkdtempSync(join(tmpdir(), 'isa-'));
  expect(() => openTools(empty)).toThrow(
    `${empty}: expected the compilers of AMD, Intel and NVIDIA, got none – install them with 'npm run isa -- setup'`,
  );
  rmSync(empty, { recursive: true });
});

test('GPUs belong to their makers, which have sizes of subgroups', () => {
  expect(['navi31', 'vega20', 'bmg', 'dg2', 'sm_90'].map(makerOf)).toEqual(['AMD', 'AMD', 'Intel', 'Intel', 'NVIDIA']);
  expect(() => expectSubgroups('navi31', 16)).toThrow('--subgroup: expected 32 or 64 for navi31, got 16');
  expectSubgroups('bmg', 16);
});

test('options are read, or refused by name', () => {
  expect(readOptions(['kernels', 'a/b', '--gpu', 'navi31,bmg', '--subgroup', '16'])).toMatchObject({
    command: 'kernels',
    rest: ['a/b'],
    gpus: ['navi31', 'bmg'],
    subgroup: 16,
    precision: 'f32',
  });
  expect(readOptions([])).toBeUndefined();
  expect(() => readOptions(['kernel'])).toThrow("'kernel': expected one of setup, kernels, dump, rivals, report, host");
  expect(() => readOptions(['kernels', '--subgroup', 'x'])).toThrow(
    "--subgroup: expected a whole number from 1 on, got 'x'",
  );
  expect(() => readOptions(['kernels', '--precision', 'f64'])).toThrow("--precision: expected f32 or f16, got 'f64'");
});

test('patterns name variants: by all choices in order, else by some of them', () => {
  const variants = [winogradInput, conv2dMatrix].flatMap((kernel) => variantsOf(kernel as unknown as KernelSpec));
  const labels = (pattern: string) => matching(variants, pattern).map(({ label }) => label);
  expect(labels('winograd_input/4').length).toBeGreaterThan(0);
  for (const label of labels('winograd_input/4')) expect(label).toMatch(/^winograd_input\/4\//);
  expect(labels('conv2d_m*/64x64').every((label) => label.includes('/64x64/'))).toBe(true);
  expect(labels('conv2d_m*').length).toBe(variantsOf(conv2dMatrix as unknown as KernelSpec).length);
  expect(labels('none')).toEqual([]);
  const [one] = labels('winograd_input');
  expect(labels(one!)).toEqual([one]);
});
