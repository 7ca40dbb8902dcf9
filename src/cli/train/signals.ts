import type { Progress } from './progress.ts';

/** Turns the first SIGINT or SIGTERM into a wish, and the second into the end. */
export function listen(progress: Progress): { readonly asked: boolean; release(): void } {
  let asked = false;
  const onSignal = (): void => {
    if (asked) process.exit(130);
    asked = true;
    progress.say('stopping: finishes this step and saves; once more ends it at once');
  };
  const signals = ['SIGINT', 'SIGTERM'] as const;
  for (const signal of signals) process.on(signal, onSignal);
  return {
    get asked() {
      return asked;
    },
    release() {
      for (const signal of signals) process.off(signal, onSignal);
    },
  };
}
