/** Sizes of subgroups: what is asked for on which device, and that a kernel that asks computes the same. */
import { expect, test } from 'vitest';
import { specialize } from '../../../src/kernels/core/define.ts';
import type { DeviceTraits } from '../../../src/kernels/core/emit.ts';
import { canHave, lanesFor } from '../../../src/kernels/core/lanes.ts';
import { traitsOf } from '../../../src/kernels/core/record.ts';
import { allKernels } from '../../../src/kernels/index.ts';
import { gpu, upload } from '../../support/gpu.ts';
import { openNullDevice } from '../../support/null_device.ts';

const common = { software: false, maxStorageBufferBindingSize: 2 ** 27 } as const;
const intel: DeviceTraits = {
  ...common,
  vendor: 'intel',
  architecture: 'xe-2',
  subgroupSize: 0,
  subgroupSizes: [16, 32],
};
const amd: DeviceTraits = {
  ...common,
  vendor: 'amd',
  architecture: 'rdna-3',
  subgroupSize: 0,
  subgroupSizes: [32, 64],
};
const nvidia: DeviceTraits = { ...common, vendor: 'nvidia', architecture: 'ampere', subgroupSize: 32 };
/** Without the feature. */
const older: DeviceTraits = { ...common, vendor: 'intel', architecture: 'gen-12lp', subgroupSize: 0 };

test('the fewest lanes on Intel, where they share a number of registers; elsewhere as the driver takes them', () => {
  const sizes = (traits: DeviceTraits) =>
    [undefined, 'fewest', 32, 16].map((lanes) => lanesFor(traits, { lanes } as never));
  expect(sizes(intel)).toEqual([undefined, 16, 32, 16]);
  expect(sizes(amd)).toEqual([undefined, undefined, 32, undefined]);
  expect(sizes(nvidia)).toEqual([undefined, undefined, undefined, undefined]);
  expect(sizes(older)).toEqual([undefined, undefined, undefined, undefined]);
});

test('a kernel that is written for a size runs where that is the size, or may be', () => {
  const devices = [intel, amd, nvidia, older, traitsOf(gpu)];
  expect(devices.map((traits) => canHave(traits, 32))).toEqual([true, true, true, false, gpu.subgroupSize === 32]);
});

test('kernels of many registers ask for few lanes, those of matrix units for 32', () => {
  const lanesOf = (name: string) => allKernels.find((kernel) => kernel.name === name)!.lanes;
  for (const name of [
    'conv2d_gemm',
    'conv2d_gemm_f16_weight_grad',
    'winograd_multiply',
    'winograd_input',
    'conv2d_block',
  ])
    expect(lanesOf(name), name).toBe('fewest');
  expect([lanesOf('conv2d_matrix'), lanesOf('conv2d_matrix_weight_grad')]).toEqual([32, 32]);
  for (const name of ['winograd_multiply_subgroup', 'conv2d_block_subgroup', 'add'])
    expect(lanesOf(name), name).toBeUndefined();
});

const feature = 'subgroup-size-control' as GPUFeatureName;

test('the size is an attribute of the entry point, and no line moves', async () => {
  const kernel = allKernels.find(({ name }) => name === 'tanh_grad')!;
  const [plain, sized] = [specialize(kernel, {}), specialize(kernel, {}, 8)];
  expect(sized).toContain('@compute @subgroup_size(8) @workgroup_size(WORKGROUP)');
  expect(sized.split('\n').length).toBe(plain.split('\n').length);
  const device = await openNullDevice(['subgroups', feature]);
  const { messages } = await device.createShaderModule({ code: sized }).getCompilationInfo();
  expect(messages.map(({ message }) => message)).toEqual([]);
  device.destroy();
});

test.runIf(gpu.device.features.has(feature) && gpu.subgroupSize)(
  'with the size named, results are the same',
  async () => {
    const values = Float32Array.from({ length: 1000 }, (_, i) => Math.sin(i));
    const results: Float32Array[] = [];
    for (const lanes of [undefined, gpu.subgroupSize]) {
      const kernel = allKernels.find(({ name }) => name === 'tanh_grad')!;
      const module = gpu.device.createShaderModule({ code: specialize(kernel, {}, lanes) });
      const compute = { module, constants: kernel.constants };
      const pipeline = await gpu.device.createComputePipelineAsync({ layout: 'auto', compute });
      const buffers = [upload(values), upload(values.toReversed()), upload(new Float32Array(1000))];
      const params = gpu.buffer('params', 16, 0x40 | 0x8);
      gpu.write(params, Uint32Array.of(1000));
      const entries = [...buffers, params].map((buffer, binding) => ({ binding, resource: { buffer } }));
      const encoder = gpu.device.createCommandEncoder();
      const pass = encoder.beginComputePass();
      pass.setPipeline(pipeline);
      pass.setBindGroup(0, gpu.device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries }));
      pass.dispatchWorkgroups(1);
      pass.end();
      gpu.device.queue.submit([encoder.finish()]);
      results.push(await gpu.readFloats(buffers[2]!, 1000));
    }
    expect(results[1]).toEqual(results[0]);
    expect(results[0]!.some((value) => value !== 0)).toBe(true);
  },
);
