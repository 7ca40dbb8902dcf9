/** Compiles kernels on whatever device Dawn is given, one after the other, a mark before and after each. Runs none of them. */
import { type KernelSpec, specialize } from '../../../src/kernels/core/define.ts';
import { lanesFor } from '../../../src/kernels/core/lanes.ts';
import { traitsOf } from '../../../src/kernels/core/record.ts';
import { allKernels } from '../../../src/kernels/index.ts';
import type { Precision } from '../../../src/runtime/adapter.ts';
import { Gpu } from '../../../src/runtime/gpu.ts';
import { argument, end, mark } from './mark.ts';
import { matching, type Variant, variantsOf } from './variants.ts';

const { patterns, precision } = argument<{ patterns: readonly string[]; precision: Precision }>();
const gpu = await Gpu.open({ adapter: 'hardware', precision, onWarning: () => {} });
mark(`ADAPTER ${gpu.name}`);
const traits = traitsOf(gpu);

/** As the project's own: explicit, with the bindings that a variant does not use. */
function layoutOf({ buffers }: KernelSpec): GPUPipelineLayout {
  const types: GPUBufferBindingType[] = Object.values(buffers).map(({ access }) =>
    access === 'read' ? 'read-only-storage' : 'storage',
  );
  const entries = [...types, 'uniform' as const].map((type, binding) => ({
    binding,
    visibility: 0x4,
    buffer: { type },
  }));
  return gpu.device.createPipelineLayout({ bindGroupLayouts: [gpu.device.createBindGroupLayout({ entries })] });
}

async function compile({ kernel, choice, label }: Variant): Promise<void> {
  const missing = kernel.requires?.find((feature) => !gpu.device.features.has(feature));
  if (missing) {
    mark(`ERROR ${label}: needs ${missing}${precision === 'f16' ? '' : ', which --precision f16 may bring'}`);
    return;
  }
  gpu.device.pushErrorScope('validation');
  const module = gpu.device.createShaderModule({ label, code: specialize(kernel, choice, lanesFor(traits, kernel)) });
  const { messages } = await module.getCompilationInfo();
  await gpu.device.popErrorScope();
  const error = messages.find(({ type }) => type === 'error');
  if (error) {
    mark(`ERROR ${label}: ${error.lineNum}:${error.linePos} ${error.message}`);
    return;
  }
  mark(`BEGIN ${label}`);
  try {
    const compute = { module, constants: kernel.constants };
    await gpu.device.createComputePipelineAsync({ label, layout: layoutOf(kernel), compute });
  } catch (cause) {
    mark(`ERROR ${label}: ${(cause as Error).message.split('\n')[0]}`);
  }
  mark('END');
}

const variants = allKernels.flatMap((kernel) => variantsOf(kernel as unknown as KernelSpec));
const compiled = new Set<string>();
for (const pattern of patterns) {
  const found = matching(variants, pattern);
  if (found.length === 0) mark(`ERROR ${pattern}: no such kernel and variant here`);
  for (const variant of found) {
    if (!compiled.has(variant.label)) await compile(variant);
    compiled.add(variant.label);
  }
}
end();
