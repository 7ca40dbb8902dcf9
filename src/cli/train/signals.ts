/** Signals as a training takes them: it ends after the step in hand, and saves. */
import { onStopSignal } from '../shared/signals.ts';
import type { Progress } from './progress.ts';

/** Turns the first SIGINT or SIGTERM into a wish, and the second into the end. */
export function listen(progress: Progress): { readonly asked: boolean; release(): void } {
  let asked = false;
  const release = onStopSignal(() => {
    asked = true;
    progress.say('stopping: finishes this step and saves; once more ends it at once');
  });
  return {
    get asked() {
      return asked;
    },
    release,
  };
}
