/**
 * Has TensorFlow.js and ONNX Runtime compute the colorizer's convolutions, on a device that answers zeros, with a mark
 * around each of their pipelines (ONNX Runtime: of all of a layer's).
 */
import type { Tensor4D } from '@tensorflow/tfjs-core';
import type { Node } from '../../../src/graph/node.ts';
import { adapterName } from '../../../src/runtime/adapter.ts';
import { requestNodeAdapter } from '../../../src/runtime/node/adapters.ts';
import type { OnnxRuntimeRival } from '../../arm.ts';
import { COLORIZER, type Layer, parseLayer } from '../../layers.ts';
import { loadOnnxRuntime } from '../../rivals/onnxruntime.ts';
import type { TfjsRival } from '../../rivals/tfjs.ts';
import { loadTfjs } from '../../rivals/tfjs_node.ts';
import { argument, end, mark } from './mark.ts';

const { gradients } = argument<{ gradients: boolean }>();
const layers = COLORIZER.map(parseLayer);
const { adapter } = await requestNodeAdapter('hardware');
const name = adapterName(adapter.info);
mark(`ADAPTER ${name}`);

/** What is computed: for the labels. */
let work = 'start';
// In Node the classes of WebGPU are no globals of their own.
Object.assign(globalThis, (await import('webgpu')).globals);
const device = GPUDevice.prototype;
const { createComputePipeline, createComputePipelineAsync } = device;
const begin = ({ label }: GPUComputePipelineDescriptor) => mark(`BEGIN tfjs ${work}: ${label ?? '?'}`);
device.createComputePipeline = function (descriptor) {
  begin(descriptor);
  const pipeline = createComputePipeline.call(this, descriptor);
  mark('END');
  return pipeline;
};
let turn: Promise<unknown> = Promise.resolve();
device.createComputePipelineAsync = function (descriptor) {
  const job = turn.then(async () => {
    begin(descriptor);
    const pipeline = await createComputePipelineAsync.call(this, descriptor);
    mark('END');
    return pipeline;
  });
  turn = job.catch(() => undefined);
  return job;
};

async function runTfjs({ tf }: TfjsRival): Promise<void> {
  for (const { text, kernel, size, channels, stride, padding } of layers) {
    const [cin, cout] = channels;
    const out = Math.ceil((padding === 'valid' ? size - kernel[0] + 1 : size) / stride);
    const attrs = { strides: stride, pad: padding, dataFormat: 'NHWC' };
    const xShape = [1, size, size, cin] as [number, number, number, number];
    const wShape = [...kernel, cin, cout] as [number, number, number, number];
    const x = tf.zeros(xShape) as Tensor4D;
    const w = tf.zeros(wShape) as Tensor4D;
    const dy = tf.zeros([1, out, out, cout]) as Tensor4D;
    work = `${text} forward`;
    await tf.conv2d(x, w, stride, padding).data();
    if (gradients) {
      const kernelOf = async (direction: string, kernel: string, inputs: Record<string, Tensor4D>, more: object) => {
        work = `${text} ${direction}`;
        const result = tf.engine().runKernel(kernel, inputs, { ...attrs, ...more } as never) as Tensor4D;
        await result.data();
      };
      await kernelOf('inputGrad', tf.Conv2DBackpropInput, { dy, filter: w }, { inputShape: xShape });
      await kernelOf('weightGrad', tf.Conv2DBackpropFilter, { x, dy }, { filterShape: wShape });
    }
    tf.dispose([x, w, dy]);
  }
}

/** A node as far as `convolution` looks at it. */
function nodeOf({ kernel, size, channels, stride, padding }: Layer): Node {
  const [cin, cout] = channels;
  const out = kernel.map((k) => Math.ceil((padding === 'valid' ? size - k + 1 : size) / stride));
  const padded = kernel.map((k, i) => (padding === 'valid' ? 0 : Math.max(0, (out[i]! - 1) * stride + k - size)));
  const pads = [...padded.map((p) => Math.floor(p / 2)), ...padded.map((p) => Math.ceil(p / 2))];
  const inputs = [{ shape: [1, size, size, cin] }, { shape: [...kernel, cin, cout] }];
  return { inputs, shape: [1, ...out, cout], attrs: { strides: [stride, stride], pads } } as unknown as Node;
}

async function runOnnxRuntime(rival: OnnxRuntimeRival): Promise<void> {
  for (const layer of layers) {
    const { kernel, size, channels } = layer;
    const [cin, cout] = channels;
    mark(`BEGIN onnxruntime ${layer.text}`);
    const weights = new Float32Array(kernel[0] * kernel[1] * cin * cout);
    const arm = await rival.convolution(nodeOf(layer), new Float32Array(size * size * cin), weights);
    await arm.run(1);
    mark('END');
    arm.free();
  }
}

const tfjs = await loadTfjs('hardware', name);
if (typeof tfjs === 'string') mark(`ERROR tfjs: ${tfjs}`);
else await runTfjs(tfjs);
const onnxruntime = await loadOnnxRuntime(name);
if (typeof onnxruntime === 'string') mark(`ERROR onnxruntime: ${onnxruntime}`);
else await runOnnxRuntime(onnxruntime);
end();
