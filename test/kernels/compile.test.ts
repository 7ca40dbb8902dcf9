import { readdirSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { expect, test } from 'vitest';
import { type KernelSpec, specialise, type Variants } from '../../src/kernels/define.ts';
import { allKernels } from '../../src/kernels/index.ts';
import { gpu } from '../gpu.ts';

const root = new URL('../../', import.meta.url);
const cases = allKernels.flatMap((kernel) =>
  everyChoice(kernel.variants).map((choice) => [kernel.name, Object.values(choice).join(' '), choice, kernel] as const),
);

test.each(cases)('%s %s compiles', async (_name, _variant, choice, kernel) => {
  const { device } = gpu;
  const module = device.createShaderModule({ code: specialise(kernel, choice) });
  const { messages } = await module.getCompilationInfo();
  expect(messages.map(({ lineNum, message }) => `${kernel.name}.wgsl:${lineNum} ${message}`)).toEqual([]);
  // The driver has its own compiler, and its own errors.
  const layout = device.createPipelineLayout({ bindGroupLayouts: [layoutOf(kernel)] });
  await device.createComputePipelineAsync({ layout, compute: { module, constants: kernel.constants } });
  gpu.check();
});

test('every shader belongs to the kernel of its name', () => {
  const shaders = readdirSync(new URL('shaders/', root)).map((file) => basename(file, '.wgsl'));
  const declared = allKernels.map(({ name }) => name);
  expect(shaders.sort()).toEqual(declared.sort());
});

test.each(allKernels.map((kernel) => [kernel.name, kernel] as const))(
  '%s is declared in its own file',
  (name, kernel) => {
    expect(kernel.source).toBe(readFileSync(new URL(`shaders/${name}.wgsl`, root), 'utf8'));
    expect(readFileSync(new URL(`src/kernels/${name}.ts`, root), 'utf8')).toContain(`name: '${name}'`);
  },
);

/** Every combination of a kernel's variants. */
function everyChoice(variants: Variants): Record<string, string>[] {
  return Object.entries(variants).reduce<Record<string, string>[]>(
    (choices, [slot, options]) =>
      choices.flatMap((choice) => Object.keys(options).map((option) => ({ ...choice, [slot]: option }))),
    [{}],
  );
}

function layoutOf(kernel: KernelSpec): GPUBindGroupLayout {
  const storage = Object.values(kernel.buffers).map(
    ({ access }): GPUBufferBindingType => (access === 'read' ? 'read-only-storage' : 'storage'),
  );
  return gpu.device.createBindGroupLayout({
    entries: [...storage, 'uniform' as const].map((type, binding) => ({
      binding,
      visibility: GPUShaderStage.COMPUTE,
      buffer: { type },
    })),
  });
}
