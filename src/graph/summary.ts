/** Summary of a compiled graph, in lines for people: its dispatches, its memory plan, what the tuner chose. */
import type { Executable } from './executable.ts';

/** Describes an executable that was compiled as `label`. */
export function summarize(label: string, { program, operations, shared, bytes, tuned }: Executable): string[] {
  const counts = new Map<string, number>();
  for (const { label: kernel } of program.dispatches) counts.set(kernel, (counts.get(kernel) ?? 0) + 1);
  const kernels = [...counts].sort(([, a], [, b]) => b - a).map(([kernel, count]) => `${kernel} ${count}`);
  const sum = shared.buffers.reduce((total, size) => total + size, 0);
  return [
    `${label}: ${operations} operations in ${program.dispatches.length} dispatches: ${kernels.join(', ')}`,
    `${label}: ${shared.arrays} intermediate results of ${megabytes(shared.arrayBytes)} share ${shared.buffers.length} buffers of ${megabytes(sum)}; at one time ${megabytes(shared.leastBytes)} are needed; with inputs and outputs ${megabytes(bytes)}`,
    ...[...tuned].map(([convolution, algorithm]) => `${label}: tuned ${convolution}: ${algorithm}`),
  ];
}

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;
