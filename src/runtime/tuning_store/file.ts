/** Results of tuning in Node: one JSON file for each device, in the user's cache folder. */
import { readFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeFolder, writeWhole } from '../node/whole_file.ts';
import type { TuningStore } from './index.ts';

/** The folder for what can be made again: `$XDG_CACHE_HOME` or `~/.cache`, `%LOCALAPPDATA%`, `~/Library/Caches`. */
export function cacheFolder(platform: NodeJS.Platform, environment: NodeJS.ProcessEnv): string {
  return join(userCache(platform, environment), 'koalarize');
}

function userCache(platform: NodeJS.Platform, environment: NodeJS.ProcessEnv): string {
  const home = homedir() || tmpdir();
  if (platform === 'win32') return environment.LOCALAPPDATA || join(home, 'AppData', 'Local');
  if (platform === 'darwin') return join(home, 'Library', 'Caches');
  return environment.XDG_CACHE_HOME || join(home, '.cache');
}

/** Keeps each value in `folder/tuning-KEY.json`. A file is whole or not there, however many processes write it. */
export function fileStore(folder: string): TuningStore {
  const pathOf = (key: string) => join(folder, `tuning-${key}.json`);
  return {
    load: (key) => readFile(pathOf(key), 'utf8').catch(() => undefined),
    save: async (key, value) => {
      await makeFolder(folder);
      await writeWhole(pathOf(key), value);
    },
  };
}
