/** Convolutions inside an algorithm: what it leaves to whichever algorithm is best for them. */
import type { Algorithm, ConvBuffers } from '../conv/algorithm.ts';
import type { AnyDirection, ConvTask } from '../conv/task.ts';
import { type DeviceTraits, emitInto } from '../core/emit.ts';
import { operandsOf } from './trial.ts';

/** The tasks that `algorithms` ask about while they compute `task`. One that fails asks about nothing more. */
export function innerTasks<D extends AnyDirection>(
  traits: DeviceTraits,
  task: ConvTask<D>,
  algorithms: readonly Algorithm<D>[],
): ConvTask[] {
  const asked: ConvTask[] = [];
  const tuned = (inner: ConvTask): undefined => {
    asked.push(inner);
  };
  for (const algorithm of algorithms) {
    try {
      const emit = emitInto<number>([], { ...traits, tuned }, (elements) => elements);
      algorithm.emit(emit, operandsOf(task).elements as unknown as ConvBuffers<number>[D], task);
    } catch {
      // The trial will say why.
    }
  }
  return asked;
}
