/** Convolutions one by one, without bias and activation: forward, and the two gradients. */
import { compile } from '../src/graph/compile.ts';
import { apply, type Node, type Shape, sizeOf } from '../src/graph/node.ts';
import {
  conv2dInputGradOp,
  conv2dOp,
  conv2dWeightGradOp,
  samePads,
  type Window,
} from '../src/graph/ops/conv/conv2d.ts';
import { input } from '../src/graph/ops/core/input.ts';
import type { Floats, OnnxRuntimeRival } from './arm.ts';
import type { Direction, Layer } from './layers.ts';
import type { TfjsRival } from './rivals/tfjs.ts';
import { convolutionFlops, sumTolerance, uniform, type Workload } from './workload.ts';

/** One layer in one direction, on `batch` images. */
export function convolution(layer: Layer, direction: Direction, batch: number): Workload {
  const { text, size, channels, kernel } = layer;
  const [cin, cout] = channels;
  const x: Shape = [batch, size, size, cin];
  const w: Shape = [...kernel, cin, cout];
  const { output, given, products, onTfjs } = task(direction, layer, x, w);
  const data = () => given.map((node, i) => uniform(sizeOf(node.shape), i + 1)) as [Floats, Floats];
  return {
    name: text,
    flops: convolutionFlops([output]),
    bytes: 4 * [...given, output].reduce((sum, { shape }) => sum + sizeOf(shape), 0),
    checkRuns: 1,
    queueable: true,
    tolerance: (expected) => sumTolerance(expected, products),
    async ours(gpu) {
      const executable = await compile(gpu, { label: `${text} ${direction}`, outputs: { output } });
      data().forEach((values, i) => {
        executable.feed((given[i]!.attrs as { name: string }).name, values);
      });
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
      tfjs: async (rival) => tfjsArm(rival, given, data(), onTfjs),
      ...(direction === 'forward' && {
        onnxruntime: (rival: OnnxRuntimeRival) => rival.convolution(output, ...data()),
      }),
    },
  };
}

/** One direction: what is computed, from which inputs, and the same for tfjs from its own two inputs. */
interface Task {
  readonly output: Node;
  readonly given: readonly [Node, Node];
  /** Products in one element of the output. */
  readonly products: number;
  readonly onTfjs: (tf: TfjsRival['tf'], a: Tensor4D, b: Tensor4D) => Tensor4D;
}

type Tensor4D = ReturnType<TfjsRival['tf']['tensor4d']>;

function task(direction: Direction, { stride, padding }: Layer, x: Shape, w: Shape): Task {
  const [height, width, cin, cout] = w as [number, number, number, number];
  const window: Window = {
    strides: [stride, stride],
    pads: padding === 'valid' ? [0, 0, 0, 0] : samePads(x, w, stride),
  };
  const given = [input('x', x), input('w', w)] as const;
  const y = apply(conv2dOp, given, { ...window, activation: 'none' });
  // The rival's gradients are kernels without a public function; tf.grad would run the forward convolution as well.
  const attrs = { strides: stride, pad: padding, dataFormat: 'NHWC' };
  const dy = input('dy', y.shape);
  switch (direction) {
    case 'forward':
      return {
        output: y,
        given,
        products: height * width * cin,
        onTfjs: (tf, a, b) => tf.conv2d(a, b, stride, padding),
      };
    case 'input gradient':
      return {
        output: apply(conv2dInputGradOp, [dy, given[1]], { ...window, xShape: x }),
        given: [dy, given[1]],
        products: (height * width * cout) / stride ** 2,
        onTfjs: (tf, a, b) =>
          tf.engine().runKernel(tf.Conv2DBackpropInput, { dy: a, filter: b }, { ...attrs, inputShape: [...x] }),
      };
    case 'weight gradient':
      return {
        output: apply(conv2dWeightGradOp, [given[0], dy], { ...window, wShape: w }),
        given: [given[0], dy],
        products: y.shape[0]! * y.shape[1]! * y.shape[2]!,
        onTfjs: (tf, a, b) =>
          tf.engine().runKernel(tf.Conv2DBackpropFilter, { x: a, dy: b }, { ...attrs, filterShape: [...w] }),
      };
  }
}

function tfjsArm({ tf, fence }: TfjsRival, given: Task['given'], data: readonly Floats[], compute: Task['onTfjs']) {
  const [a, b] = given.map(({ shape }, i) => tf.tensor4d(data[i]!, shape as [number, number, number, number]));
  const once = () => compute(tf, a!, b!);
  return {
    async run(times: number) {
      for (let i = 0; i < times; i++) tf.dispose(once());
      await fence();
    },
    async result() {
      const tensor = once();
      const values = (await tensor.data()) as Float32Array;
      tensor.dispose();
      return values;
    },
    free: () => tf.dispose([a!, b!]),
  };
}
