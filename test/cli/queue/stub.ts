/** A worker whose network costs no time, as a program: for tests that kill it. Its pictures are all of one color. */
import { setTimeout as wait } from 'node:timers/promises';
import type { Painter } from '../../../src/cli/colorize/files.ts';
import { workCommand } from '../../../src/cli/queue/work.ts';

/** @param ms what each picture takes */
export function stub(ms = 0): Painter {
  return {
    async chroma() {
      if (ms) await wait(ms);
      return { data: new Float32Array(8).fill(20), width: 2, height: 2, origin: { program: 'stub', weights: '00' } };
    },
    close: async () => undefined,
  };
}

// As a program: milliseconds a picture, then the arguments of `koalarize work`.
if (process.env.KOALARIZE_STUB_MS !== undefined) {
  const ms = Number(process.env.KOALARIZE_STUB_MS);
  process.exit(await workCommand(process.argv.slice(2), async () => stub(ms)));
}
