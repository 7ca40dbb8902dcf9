import { readdirSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { expect, test } from 'vitest';
import { type KernelSpec, specialise, type Variants } from '../../src/kernels/define.ts';
import { allKernels } from '../../src/kernels/index.ts';
import { gpu } from '../gpu.ts';
import { openNullDevice } from '../null_device.ts';

const nullDevice = await openNullDevice();

const root = new URL('../../', import.meta.url);
const cases = allKernels.flatMap((kernel) =>
  everyChoice(kernel.variants).map((choice) => [kernel.name, Object.values(choice).join(' '), choice, kernel] as const),
);

test.each(cases)('%s %s compiles', async (_name, _variant, choice, kernel) => {
  const device = deviceFor(kernel);
  const module = device.createShaderModule({ code: specialise(kernel, choice) });
  const { messages } = await module.getCompilationInfo();
  expect(messages.map(({ lineNum, message }) => `${kernel.name}.wgsl:${lineNum} ${message}`)).toEqual([]);
  // The driver has its own compiler, and its own errors.
  const layout = device.createPipelineLayout({ bindGroupLayouts: [layoutOf(kernel, device)] });
  await device.createComputePipelineAsync({ layout, compute: { module, constants: kernel.constants } });
  gpu.check();
});

test.each(allKernels.filter((kernel) => kernel.requires).map((kernel) => [kernel.name, kernel] as const))(
  '%s says what it requires',
  async (_, kernel) => {
    for (const left of kernel.requires!) {
      const features = kernel.requires!.filter((feature) => feature !== left) as GPUFeatureName[];
      const device = await openNullDevice(features);
      device.pushErrorScope('validation');
      device.createShaderModule({ code: specialise(kernel, everyChoice(kernel.variants)[0]!) });
      expect((await device.popErrorScope())?.message, left).toMatch(/extension|feature/);
      device.destroy();
    }
  },
);

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

/** The device of all tests, or where that lacks what the kernel needs, one that can only compile it. */
function deviceFor({ requires = [] }: KernelSpec): GPUDevice {
  return requires.every((feature) => gpu.device.features.has(feature)) ? gpu.device : nullDevice;
}

function layoutOf(kernel: KernelSpec, device: GPUDevice): GPUBindGroupLayout {
  const storage = Object.values(kernel.buffers).map(
    ({ access }): GPUBufferBindingType => (access === 'read' ? 'read-only-storage' : 'storage'),
  );
  return device.createBindGroupLayout({
    entries: [...storage, 'uniform' as const].map((type, binding) => ({
      binding,
      visibility: GPUShaderStage.COMPUTE,
      buffer: { type },
    })),
  });
}
