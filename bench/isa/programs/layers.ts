/** Says which kernels the cost model picks for the convolutions of the networks: no tuner, no self-test. Compiles nothing. */
import type { ConvBuffers } from '../../../src/kernels/conv/algorithm.ts';
import type { ConvGeometry } from '../../../src/kernels/conv/geometry.ts';
import { ranked } from '../../../src/kernels/conv/index.ts';
import type { Convolution } from '../../../src/kernels/conv/task.ts';
import { type DeviceTraits, emitInto, type KernelCall } from '../../../src/kernels/core/emit.ts';
import { traitsOf } from '../../../src/kernels/core/record.ts';
import { matrixUnitFor } from '../../../src/kernels/tuning/self_test.ts';
import type { Precision } from '../../../src/runtime/adapter.ts';
import { Gpu } from '../../../src/runtime/gpu.ts';
import { COLORIZER, INCEPTION, type Layer, parseLayer } from '../../layers.ts';
import type { Picked } from '../layers.ts';
import { argument, end, mark } from './mark.ts';

const {
  batches,
  inception,
  precision,
  traits: more,
} = argument<{
  batches: readonly number[];
  inception: boolean;
  precision: Precision;
  traits: Partial<DeviceTraits>;
}>();
const gpu = await Gpu.open({ adapter: 'hardware', precision, onWarning: () => {} });
mark(`ADAPTER ${gpu.name}`);
const open: DeviceTraits = { ...traitsOf(gpu), software: false, ...more };
// What the self-test would allow, which has nothing to run on here.
const matrixUnit = precision === 'f16' ? matrixUnitFor(gpu) : undefined;
const traits: DeviceTraits = { ...open, ...(precision === 'f16' && { precision }), ...(matrixUnit && { matrixUnit }) };

/** With square images. */
function geometryOf({ kernel, size, channels, stride, padding }: Layer, batch: number): ConvGeometry {
  const out = (k: number) => Math.ceil((padding === 'valid' ? size - k + 1 : size) / stride);
  const pad = (k: number) => (padding === 'valid' ? 0 : Math.floor(Math.max(0, (out(k) - 1) * stride + k - size) / 2));
  const [height, width] = kernel;
  return {
    batch,
    inHeight: size,
    inWidth: size,
    inChannels: channels[0],
    outHeight: out(height),
    outWidth: out(width),
    outChannels: channels[1],
    kernelHeight: height,
    kernelWidth: width,
    strideY: stride,
    strideX: stride,
    padTop: pad(height),
    padLeft: pad(width),
  };
}

const NAMES = ['x', 'w', 'y', 'dy', 'dx', 'dw'] as const;
const buffers = Object.fromEntries(NAMES.map((name) => [name, name])) as unknown as ConvBuffers<string>['forward'] &
  ConvBuffers<string>['inputGrad'] &
  ConvBuffers<string>['weightGrad'];

for (const batch of batches) {
  for (const layer of [...COLORIZER, ...(inception ? INCEPTION : [])].map(parseLayer)) {
    for (const direction of ['forward', 'inputGrad', 'weightGrad'] as const) {
      // The picture is the first layer's input: it has no gradient.
      if (layer.name === 'enc1' && direction === 'inputGrad') continue;
      const convolution: Convolution = {
        direction,
        geometry: geometryOf(layer, batch),
        options: { activation: 'none' },
      };
      const order = ranked(traits, convolution);
      const calls: KernelCall<string>[] = [];
      order[0]!.emit(
        emitInto(calls, traits, () => 'scratch'),
        buffers,
        convolution,
      );
      const kernels = calls.map(({ kernel, choice }) =>
        [kernel.name, ...Object.keys(kernel.variants).map((slot) => choice[slot])].join('/'),
      );
      const picked: Picked = {
        batch,
        layer: layer.text,
        direction,
        algorithms: order.slice(0, 3).map(({ name }) => name),
        kernels: [...new Set(kernels)],
      };
      mark(`LAYER ${JSON.stringify(picked)}`);
    }
  }
}
end();
