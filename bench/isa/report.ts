/** Report of a GPU: what the cost model picks for the colorizer, those kernels, and the rivals beside them, as a file of bench/results. */
import { writeFileSync } from 'node:fs';
import { makerOf } from './gpus.ts';
import type { Compiled, Session } from './session.ts';
import { kernelTable, table } from './table.ts';

/** Writes bench/results/isa-GPU.md. @returns its name */
export function report(session: Session, gpu: string): string {
  const picked = session.layers(gpu);
  const ours = session.compile(gpu, [...new Set(picked.flatMap(({ kernels }) => kernels))]);
  const layers = picked.map(({ batch, layer, direction, algorithms, kernels }) => ({
    layer,
    batch,
    direction,
    algorithm: algorithms[0],
    kernels: kernels.join(', '),
  }));
  const rivals = makerOf(gpu) !== 'NVIDIA' || session.tools.complete ? section(session.rivals(gpu)) : 'Left out.';
  const file = `bench/results/isa-${gpu}.md`;
  const text = `# ${gpu}, compiled, not measured

By ${session.tools.versions[makerOf(gpu)]}, without a GPU: \`npm run isa -- report --gpu ${gpu}\`. What the columns mean is in
[docs/isa.md](../../docs/isa.md).

## Kernels

${section(ours)}

## What the cost model picks

${table(layers, ['layer', 'batch', 'direction', 'algorithm', 'kernels'])}

## The same layers by TensorFlow.js and ONNX Runtime

${rivals}
`;
  writeFileSync(file, text);
  return file;
}

function section({ kernels, errors }: Compiled): string {
  return [...errors.map((error) => `- not compiled: ${error}`), kernelTable(kernels)].join('\n');
}
