/**
 * A graph, its gradient, and a check by central differences.   node examples/gradient.js
 *
 * loss = mean((tanh(x ∗ w + b) − t)²), a 3x3 convolution from 1 channel to 2 on a picture of 6x5. NHWC.
 */
import {
  biasAdd,
  compile,
  conv2dSame,
  Gpu,
  glorotUniform,
  gradients,
  input,
  mse,
  ParameterLayout,
  ParameterSlab,
  parameter,
  reachable,
  tanh,
} from 'koalarize';

const x = input('x', [1, 6, 5, 1]);
const t = input('t', [1, 6, 5, 2]);
const w = parameter('w', [3, 3, 1, 2]);
const b = parameter('b', [2]);
const loss = mse(tanh(biasAdd(conv2dSame(x, w), b)), t);
const [dw] = gradients(loss, [w]); // one more node of the same graph

// Parameters lie side by side in one buffer.
const gpu = await Gpu.open();
const layout = new ParameterLayout(reachable([loss]));
const parameters = new ParameterSlab(gpu, 'parameters', layout);
const weights = glorotUniform(layout, 1);
const network = await compile(gpu, { label: 'example', outputs: { loss, dw }, parameters });
network.feed(
  'x',
  Float32Array.from({ length: 30 }, (_, i) => Math.sin(i)),
);
network.feed(
  't',
  Float32Array.from({ length: 60 }, (_, i) => Math.cos(i)),
);

/** The loss with `step` added to the first weight. */
async function lossAt(step) {
  const data = weights.get('w').data.slice();
  data[0] += step;
  parameters.write(new Map([...weights, ['w', { shape: w.shape, data }]]));
  network.run();
  return (await network.read('loss'))[0];
}

const step = 1 / 64;
const numeric = ((await lossAt(step)) - (await lossAt(-step))) / (2 * step);
await lossAt(0);
const [analytic] = await network.read('dw');
console.log(`dloss/dw[0]: ${analytic.toFixed(4)} by the graph, ${numeric.toFixed(4)} by differences`);
await gpu.close();
process.exit(); // Dawn keeps threads.
