/** Joining of a run that another process has begun. */
import { setTimeout as wait } from 'node:timers/promises';
import { defaultCacheMegabytes } from '../pictures.ts';
import type { Progress } from '../progress.ts';
import type { RunConfig, RunFolder } from '../run_folder.ts';
import { DEFAULTS } from '../settings.ts';

const LOOK_MS = 500;

/** Waits for a run's first checkpoint: all that others need is there then. */
export async function untilBegun(folder: RunFolder, progress: Progress): Promise<void> {
  for (let looked = 0; (await folder.newestStep()) === undefined; looked++) {
    if (looked === 0) progress.say(`waits    for a run with --queue to begin in ${folder.path}`);
    await wait(LOOK_MS);
  }
}

/** Opens a run as it is, but for what is this machine's own. */
export async function openJoined(folder: RunFolder): Promise<RunConfig> {
  const config = await folder.open();
  const { adapter } = DEFAULTS.runtime;
  return { ...config, runtime: { ...config.runtime, adapter, cache: defaultCacheMegabytes() } };
}
