/** What a training step of the paper's size takes on a GPU, by its plan alone: no device here holds it. */
import { expect, test } from 'vitest';
import { optimize } from '../../src/graph/compile.ts';
import { gradients } from '../../src/graph/gradient.ts';
import { assignSharedBuffers, lower, type Value } from '../../src/graph/lowering.ts';
import { type Node, reachable, sizeOf } from '../../src/graph/node.ts';
import { parameterOp } from '../../src/graph/ops/core/input.ts';
import { colorizationNetwork } from '../../src/model/network.ts';
import { lossGraph } from '../../src/train/loss.ts';

const GPU = { software: false, subgroupSize: 32, maxStorageBufferBindingSize: 2 ** 31 - 4 };

test('batch 100 at 224 x 224, full width, needs less than 8 GB', () => {
  const config = {
    batch: 100,
    microBatch: 100,
    size: 224,
    lightness: 'luma' as const,
    chromaScale: 1,
    masked: false,
    features: [[1, 1, 1001]],
    adam: { learningRate: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 },
  };
  const { loss } = lossGraph(config, (...inputs) =>
    colorizationNetwork({ widthDivisor: 1, embeddingWidth: 1001 }, ...inputs),
  );
  const parameters = reachable([loss]).filter((node) => node.op === parameterOp);
  const outputs = optimize([loss, ...gradients(loss, parameters)], []);
  const nodes = reachable(outputs);
  const values = new Map<Node, Value<string>>();
  for (const node of nodes) {
    const storage = node.inputs.length === 0 || outputs.includes(node) ? node.op.name : undefined;
    values.set(node, { elements: sizeOf(node.shape), label: node.op.name, storage });
  }
  const shared = assignSharedBuffers(lower(nodes, values, GPU), (label) => label);
  const own = [...values.values()].filter(({ storage }) => storage && !storage.startsWith('shared'));
  const bytes = [...shared.buffers, ...own.map(({ elements }) => elements * 4)].reduce((sum, size) => sum + size, 0);
  // Saved activations alone are 23.8 MB a picture.
  expect(bytes).toBeGreaterThan(2e9);
  expect(bytes).toBeLessThan(8e9);
  expect(Math.max(...shared.buffers)).toBeLessThan(GPU.maxStorageBufferBindingSize);
});
