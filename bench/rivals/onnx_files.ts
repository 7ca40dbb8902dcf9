/** The workloads as ONNX files, for ONNX Runtime. */
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Node } from '../../src/graph/node.ts';
import type { Window } from '../../src/graph/ops/conv/conv2d.ts';
import type { Tensors } from '../../src/graph/parameters.ts';
import { exportColorizer } from '../../src/model/export/index.ts';
import type { Floats } from '../arm.ts';
import { CONFIG, type WriteColorizer } from '../colorizer.ts';
import { OnnxWriter, rawTensor } from '../inception/onnx_writer.ts';

/** Writes the colorizer's file into `folder`, unless it is there. */
export function colorizerIn(folder: string): WriteColorizer {
  return async (tensors: Tensors) => {
    const path = join(folder, 'colorizer.onnx');
    if (!existsSync(path)) {
      await writeFile(path, exportColorizer({ network: CONFIG, lightness: 'luma', size: 224, metadata: {}, tensors }));
    }
    return path;
  };
}

/**
 * A file of one convolution, from x to y, its weights a constant. ONNX Runtime computes in NHWC, and sets transposes
 * around the convolution of a file; those of this file cancel them, so that the convolution is all that is timed.
 */
export function convolutionFile({ inputs, shape, attrs }: Node, weights: Floats): Uint8Array {
  const [x, w] = inputs;
  const [height, width, cin, cout] = w!.shape as [number, number, number, number];
  const { strides, pads } = attrs as Window;
  const file = new OnnxWriter({ irVersion: 8, opset: 17, producer: 'bench' });
  file.input('x', 'FLOAT', x!.shape);
  file.output('y', 'FLOAT', shape);
  file.initializer(rawTensor('w', [cout, cin, height, width], outputsFirst(weights, cin, cout)));
  const nchw = file.node('Transpose', ['x'], 'to_nchw', { perm: [0, 3, 1, 2] });
  const result = file.node('Conv', [nchw, 'w'], 'conv', { kernel_shape: [height, width], strides, pads });
  file.node('Transpose', [result], 'to_nhwc', { perm: [0, 2, 3, 1] }, ['y']);
  return file.encode();
}

/** [KH, KW, Cin, Cout] to [Cout, Cin, KH, KW]. */
export function outputsFirst(weights: Floats, cin: number, cout: number): Floats {
  const taps = weights.length / (cin * cout);
  const out = new Float32Array(weights.length);
  for (let i = 0; i < weights.length; i++) {
    const [tap, ci, co] = [Math.floor(i / (cin * cout)), Math.floor(i / cout) % cin, i % cout];
    out[(co * cin + ci) * taps + tap] = weights[i]!;
  }
  return out;
}
