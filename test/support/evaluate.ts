/** Evaluates a graph, for tests of what ops compute. */
import { compile } from '../../src/graph/compile.ts';
import { type Node, type Shape, sizeOf } from '../../src/graph/node.ts';
import { input } from '../../src/graph/ops/core/input.ts';
import { gpu } from './gpu.ts';
import { random } from './random.ts';

/** Inputs named `x0`, `x1`, … */
export const inputs = (shapes: readonly Shape[]): Node[] => shapes.map((shape, i) => input(`x${i}`, shape));

/** Compiles `y` and runs it on such inputs, which hold `random` numbers of seeds 1, 2, … */
export async function evaluate(y: Node, shapes: readonly Shape[]): Promise<Float32Array> {
  const executable = await compile(gpu, { label: 'test', outputs: { y } });
  shapes.forEach((shape, i) => {
    executable.feed(`x${i}`, random(sizeOf(shape), i + 1));
  });
  executable.run();
  const values = await executable.read('y');
  executable.close();
  return values;
}
