/** The colorizer's convolutions one by one, without bias and activation: forward, and the two gradients. */
import { compile } from '../src/graph/compile.ts';
import { apply, type Node, type Shape, sizeOf } from '../src/graph/node.ts';
import { conv2dInputGradOp, conv2dSame, conv2dWeightGradOp, samePads } from '../src/graph/ops/conv2d.ts';
import { input } from '../src/graph/ops/input.ts';
import type { TfjsRival } from './rivals/tfjs.ts';
import { convolutionFlops, type Floats, sumTolerance, uniform, type Workload } from './workload.ts';

interface Layer {
  readonly name: string;
  /** Height and width of the input. */
  readonly size: number;
  readonly channels: readonly [cin: number, cout: number];
  readonly kernel?: 1;
  readonly stride?: 2;
  /** Among those of `--quick`. */
  readonly quick?: true;
}

/** The network at 224 x 224, batch 1; fusion's without the embedding, which is one vector a picture. */
const LAYERS: readonly Layer[] = [
  { name: 'enc1', size: 224, channels: [1, 64], stride: 2 },
  { name: 'enc2', size: 112, channels: [64, 128] },
  { name: 'enc3', size: 112, channels: [128, 128], stride: 2, quick: true },
  { name: 'enc4', size: 56, channels: [128, 256] },
  { name: 'enc5', size: 56, channels: [256, 256], stride: 2 },
  { name: 'enc6', size: 28, channels: [256, 512] },
  { name: 'enc7', size: 28, channels: [512, 512] },
  { name: 'enc8', size: 28, channels: [512, 256], quick: true },
  { name: 'fusion', size: 28, channels: [256, 256], kernel: 1, quick: true },
  { name: 'dec1', size: 28, channels: [256, 128] },
  { name: 'dec2', size: 56, channels: [128, 64] },
  { name: 'dec3', size: 56, channels: [64, 64], quick: true },
  { name: 'dec4', size: 112, channels: [64, 32] },
  { name: 'dec5', size: 112, channels: [32, 2], quick: true },
  { name: 'probe', size: 56, channels: [128, 128], quick: true },
];

/** Which of a convolution's three computations. */
export const DIRECTIONS = ['forward', 'input gradient', 'weight gradient'] as const;
export type Direction = (typeof DIRECTIONS)[number];

/** The layers in one direction. The first layer has no input gradient: its input is the picture. */
export function convolutions(direction: Direction, quick: boolean): Workload[] {
  const layers = quick ? LAYERS.filter((layer) => layer.quick) : LAYERS;
  return layers
    .filter(({ name }) => direction !== 'input gradient' || name !== 'enc1')
    .map((layer) => convolution(layer, direction));
}

function convolution(layer: Layer, direction: Direction): Workload {
  const { name, size, channels, kernel = 3, stride = 1 } = layer;
  const [cin, cout] = channels;
  const x: Shape = [1, size, size, cin];
  const w: Shape = [kernel, kernel, cin, cout];
  const y = conv2dSame(input('x', x), input('w', w), stride);
  const { output, given, products, onRival } = task(direction, { x, w, y, stride });
  const data = () => given.map((node, i) => uniform(sizeOf(node.shape), i + 1));
  return {
    name: `${name} ${kernel}x${kernel} ${size}x${size} ${cin}→${cout}${stride === 2 ? ' /2' : ''}`,
    flops: convolutionFlops([output]),
    checkRuns: 1,
    queueable: true,
    tolerance: (expected) => sumTolerance(expected, products),
    async ours(gpu) {
      const executable = await compile(gpu, { label: `${name} ${direction}`, outputs: { output } });
      data().forEach((values, i) => {
        executable.feed((given[i]!.attrs as { name: string }).name, values);
      });
      return {
        async run(times) {
          for (let i = 0; i < times; i++) executable.run();
          await gpu.fence();
        },
        result: () => executable.read('output'),
        free: () => executable.destroy(),
      };
    },
    rivals: { tfjs: async (rival) => rivalArm(rival, given, data(), onRival) },
  };
}

/** One direction: what is computed, from which inputs, and the same for the rival from its own two inputs. */
interface Task {
  readonly output: Node;
  readonly given: readonly [Node, Node];
  /** Products in one element of the output. */
  readonly products: number;
  readonly onRival: (tf: TfjsRival['tf'], a: Tensor4D, b: Tensor4D) => Tensor4D;
}

type Tensor4D = ReturnType<TfjsRival['tf']['tensor4d']>;

function task(direction: Direction, layer: { x: Shape; w: Shape; y: Node; stride: number }): Task {
  const { x, w, y, stride } = layer;
  const [kernel, , cin, cout] = w as [number, number, number, number];
  const window = { strides: [stride, stride], pads: samePads(x, w, stride) } as const;
  // The rival's gradients are kernels without a public function; tf.grad would run the forward convolution as well.
  const attrs = { strides: stride, pad: 'same', dataFormat: 'NHWC' };
  const dy = input('dy', y.shape);
  switch (direction) {
    case 'forward': {
      const given = [y.inputs[0]!, y.inputs[1]!] as const;
      return {
        output: y,
        given,
        products: kernel * kernel * cin,
        onRival: (tf, a, b) => tf.conv2d(a, b, stride, 'same'),
      };
    }
    case 'input gradient': {
      const given = [dy, input('w', w)] as const;
      return {
        output: apply(conv2dInputGradOp, given, { ...window, xShape: x }),
        given,
        products: (kernel * kernel * cout) / stride ** 2,
        onRival: (tf, a, b) =>
          tf.engine().runKernel(tf.Conv2DBackpropInput, { dy: a, filter: b }, { ...attrs, inputShape: [...x] }),
      };
    }
    case 'weight gradient': {
      const given = [input('x', x), dy] as const;
      return {
        output: apply(conv2dWeightGradOp, given, { ...window, wShape: w }),
        given,
        products: y.shape[1]! * y.shape[2]!,
        onRival: (tf, a, b) =>
          tf.engine().runKernel(tf.Conv2DBackpropFilter, { x: a, dy: b }, { ...attrs, filterShape: [...w] }),
      };
    }
  }
}

function rivalArm({ tf, fence }: TfjsRival, given: Task['given'], data: readonly Floats[], compute: Task['onRival']) {
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
