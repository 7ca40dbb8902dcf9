/** Choice among the candidates for a convolution: by what was measured, else by cost. */
import type { DeviceTraits, Emit } from '../core/emit.ts';
import type { Algorithm, ConvBuffers } from './algorithm.ts';
import type { AnyDirection, Convolution, ConvTask } from './task.ts';

/** Those of `candidates` that can compute this on such a device, the one that should be fastest first. */
export function rank<D extends AnyDirection>(
  traits: DeviceTraits,
  convolution: Convolution<D>,
  candidates: readonly Algorithm<D>[],
): Algorithm<D>[] {
  const fitting = candidates.filter((each) => each.fits(traits, convolution));
  const costs = new Map(fitting.map((each) => [each, each.cost(traits, convolution)]));
  return fitting.sort((a, b) => costs.get(a)! - costs.get(b)!);
}

/** The candidate the tuner found, if there was one and it can still do this, else the first of the ranked. */
export function choose<D extends AnyDirection>(
  traits: DeviceTraits,
  task: ConvTask<D>,
  candidates: readonly Algorithm<D>[],
): Algorithm<D> {
  const name = traits.tuned?.(task);
  const winner = candidates.find((each) => each.name === name && each.fits(traits, task));
  return winner ?? rank(traits, task, candidates)[0]!;
}

/** Emits a convolution by the candidate that is chosen for it. */
export function emitChosen<T, D extends AnyDirection>(
  emit: Emit<T>,
  buffers: ConvBuffers<T>[D],
  convolution: Convolution<D>,
  candidates: readonly Algorithm<D>[],
): void {
  const { bias, residual } = buffers as Partial<ConvBuffers<T>['forward']>;
  const task = { ...convolution, bias: bias !== undefined, residual: residual !== undefined };
  choose(emit.traits, task, candidates).emit(emit, buffers, task);
}
