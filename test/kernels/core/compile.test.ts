import { readdirSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type KernelSpec, locate, specialize, type Variants } from '../../../src/kernels/core/define.ts';
import { allKernels } from '../../../src/kernels/index.ts';
import { gpu } from '../../support/gpu.ts';
import { openNullDevice } from '../../support/null_device.ts';

const nullDevice = await openNullDevice();

const root = new URL('../../../', import.meta.url);
const cases = allKernels.flatMap((kernel) =>
  everyChoice(kernel.variants).map((choice) => [kernel.name, Object.values(choice).join(' '), choice, kernel] as const),
);

test.each(cases)('%s %s compiles', async (_name, _variant, choice, kernel) => {
  const device = deviceFor(kernel);
  const module = device.createShaderModule({ code: specialize(kernel, choice) });
  const { messages } = await module.getCompilationInfo();
  expect(messages.map(({ lineNum, message }) => `${locate(kernel, choice, lineNum)} ${message}`)).toEqual([]);
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
      device.createShaderModule({ code: specialize(kernel, everyChoice(kernel.variants)[0]!) });
      expect((await device.popErrorScope())?.message, left).toMatch(/extension|feature/);
      device.destroy();
    }
  },
);

/** Kernels that differ from another in their library alone. */
const SHADERS: Readonly<Record<string, string>> = {
  conv2d_gemm_f16: 'conv2d_gemm',
  conv2d_gemm_f16_weight_grad: 'conv2d_gemm_weight_grad',
};

/** The WGSL files below a folder by their names, and where each is. */
function wgslIn(folder: string): Map<string, string> {
  const files = readdirSync(new URL(folder, root), { recursive: true, encoding: 'utf8' });
  const wgsl = files.filter((file) => file.endsWith('.wgsl'));
  return new Map(wgsl.map((file) => [basename(file, '.wgsl'), `${folder}${file.replaceAll('\\', '/')}`]));
}

const libraries = wgslIn('shaders/lib/');
const shaders = new Map([...wgslIn('shaders/')].filter(([name]) => !libraries.has(name)));

test('every shader belongs to the kernel of its name, and lies in the same place', () => {
  const declared = allKernels.map(({ name }) => name).filter((name) => !(name in SHADERS));
  expect([...shaders.keys()].sort()).toEqual(declared.sort());
  for (const [name, path] of shaders) {
    const declaration = path.replace(/^shaders/, 'src/kernels').replace(/wgsl$/, 'ts');
    expect(readFileSync(new URL(declaration, root), 'utf8')).toContain(`name: '${name}'`);
  }
});

describe('shaders/lib', () => {
  test.each([...libraries])('%s is appended to a kernel', (name, path) => {
    const text = readFileSync(new URL(path, root), 'utf8');
    const asLibrary = allKernels.filter(({ library = {} }) => name in library);
    for (const { library } of asLibrary) expect(library![name]).toBe(text);
    const choices = allKernels.flatMap(({ variants }) => Object.values(variants).flatMap(Object.values));
    expect(asLibrary.length > 0 || choices.some((choice) => choice.includes(text))).toBe(true);
  });
});

test.each(allKernels.filter(({ library }) => library).map((kernel) => [kernel.name, kernel] as const))(
  '%s needs its libraries',
  (_, kernel) => {
    for (const [name, text] of Object.entries(kernel.library!)) {
      expect(libraries.has(name)).toBe(true);
      const used = everyChoice(kernel.variants).some((choice) => {
        const { [name]: left, ...library } = kernel.library!;
        const others = specialize({ ...kernel, library }, choice);
        return declaredIn(text).some((declared) => declared === 'main' || new RegExp(`\\b${declared}\\b`).test(others));
      });
      expect(used, name).toBe(true);
    }
  },
);

/** The names of a WGSL file's declarations. */
function declaredIn(wgsl: string): string[] {
  return [...wgsl.matchAll(/^(?:fn|struct|alias|const|override|var<\w+>) +(\w+)/gm)].map(([, name]) => name!);
}

test.each(allKernels.map((kernel) => [kernel.name, kernel] as const))(
  '%s has the text of its shader',
  (name, kernel) => {
    expect(kernel.source).toBe(readFileSync(new URL(shaders.get(SHADERS[name] ?? name)!, root), 'utf8'));
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
