/** One layer of a mobile network with bias and activation, its weights constants. */
import { compile } from '../../src/graph/compile.ts';
import { apply, type Node, type Shape, sizeOf } from '../../src/graph/node.ts';
import { convDirect } from '../../src/graph/ops/conv/conv_direct.ts';
import { conv2dOp, samePads } from '../../src/graph/ops/conv/conv2d.ts';
import { input } from '../../src/graph/ops/core/input.ts';
import { tensor } from '../../src/graph/ops/core/tensor.ts';
import { add } from '../../src/graph/ops/elementwise/add.ts';
import { biasAdd } from '../../src/graph/ops/elementwise/bias_add.ts';
import { relu } from '../../src/graph/ops/elementwise/relu.ts';
import { unary } from '../../src/graph/ops/elementwise/unary.ts';
import { OnnxWriter } from '../inception/onnx_writer.ts';
import { convolutionFlops, sumTolerance, uniform, type Workload } from '../workload.ts';
import { type MobileLayer, textOf } from './architecture.ts';
import { writeLayer } from './onnx.ts';
import { tfjsLayer } from './tfjs.ts';
import { type LayerWeights, productsOf, randomLayer, weightShape } from './weights.ts';

export function layerWorkload(layer: MobileLayer): Workload {
  const { size, inputs, outputs, stride } = layer;
  const out = Math.ceil(size / stride);
  const shapes = { x: [1, size, size, inputs], other: [1, out, out, outputs] } as const;
  // Inputs so large that ReLU6 has something to clip.
  const x = uniform(sizeOf(shapes.x), 1).map((value) => 6 * value);
  const other = layer.residual ? uniform(sizeOf(shapes.other), 2) : undefined;
  const weights = randomLayer(layer, 7);
  const output = nodeOf(layer, weights, input('x', shapes.x), other && input('other', shapes.other));
  return {
    name: textOf(layer),
    flops: convolutionFlops([convolutionIn(output)]),
    bytes: 4 * (x.length + weights.w.length + outputs + sizeOf(shapes.other) * (other ? 2 : 1)),
    checkRuns: 1,
    queueable: true,
    tolerance: (expected) => sumTolerance(expected, productsOf(layer)) + 1e-6,
    async ours(gpu) {
      const executable = await compile(gpu, { label: textOf(layer), outputs: { output } });
      executable.feed('x', x);
      if (other) executable.feed('other', other);
      return {
        async run(times) {
          for (let i = 0; i < times; i++) executable.run();
          await gpu.fence();
        },
        result: () => executable.read('output'),
        free: () => executable.close(),
      };
    },
    rivals: {
      async tfjs(rival) {
        const { tf, fence } = rival;
        const compute = tfjsLayer(rival, layer, weights);
        const given = [tf.tensor4d(x, [...shapes.x])];
        if (other) given.push(tf.tensor4d(other, [...shapes.other]));
        const once = () => tf.tidy(() => compute.run(given[0]!, given[1]));
        return {
          async run(times) {
            for (let i = 0; i < times; i++) tf.dispose(once());
            await fence();
          },
          async result() {
            const y = once();
            const values = (await y.data()) as Float32Array;
            y.dispose();
            return values;
          },
          free() {
            tf.dispose(given);
            compute.free();
          },
        };
      },
      onnxruntime: (ort) => {
        const file = new OnnxWriter({ irVersion: 8, opset: 17, producer: 'bench' });
        const turned = (name: string, shape: Shape) =>
          file.node('Transpose', [file.input(name, 'FLOAT', shape)], `${name}_nchw`, { perm: [0, 3, 1, 2] });
        const result = writeLayer(
          file,
          layer,
          weights,
          'layer',
          turned('x', shapes.x),
          other && turned('other', shapes.other),
        );
        file.output('y', 'FLOAT', shapes.other);
        file.node('Transpose', [result], 'to_nhwc', { perm: [0, 2, 3, 1] }, ['y']);
        const feeds = {
          x: { data: x, shape: shapes.x },
          ...(other && { other: { data: other, shape: shapes.other } }),
        };
        return ort.arm(file.encode(), feeds, 'y');
      },
    },
  };
}

function nodeOf(layer: MobileLayer, weights: LayerWeights, x: Node, other: Node | undefined): Node {
  const { kind, stride, outputs, activation } = layer;
  const w = tensor('w', weightShape(layer), () => weights.w);
  const bias = tensor('bias', [outputs], () => weights.bias);
  const window = { strides: [stride, stride], pads: samePads(x.shape, w.shape, stride) } as const;
  let y: Node;
  if (kind === 'depthwise') y = convDirect(x, w, bias, { ...window, dilations: [1, 1], groups: outputs });
  else y = biasAdd(apply(conv2dOp, [x, w], { ...window, activation: 'none' }), bias);
  if (other) y = add(y, other);
  if (activation === 'relu6') return unary('clip', y, { alpha: 0, beta: 6 });
  if (activation === 'hard_swish') return unary('hard_swish', y);
  return activation === 'relu' ? relu(y) : y;
}

/** The convolution that `node` ends with. */
function convolutionIn(node: Node): Node {
  return node.op.name.startsWith('conv') ? node : convolutionIn(node.inputs[0]!);
}
