/** Split of the pictures: those a run learns from, and those by which it is judged. */
import { createHash } from 'node:crypto';
import { resolve } from 'node:path';
import { FormatError } from '../../runtime/errors.ts';
import { leftOutText } from '../paths/walk.ts';
import { isForValidation, type PictureList, scan } from '../shared/scan.ts';
import type { Arguments } from './options.ts';
import type { PictureCache, Pictures } from './pictures.ts';
import { duration, type Progress } from './progress.ts';
import type { PictureSet, RunConfig, RunFolder } from './run_folder.ts';
import { DEFAULTS } from './settings.ts';
import { ShardSet, shardPaths } from './shards/shard_set.ts';
import { firstUsable } from './shards/usable.ts';

/**
 * Scans the folders, splits the pictures, and compares them with those the run had.
 *
 * @param cache is offered what had to be decoded, its shorter side `shorter` pixels
 */
export async function findPictures(
  args: Arguments,
  old: RunConfig | undefined,
  folder: RunFolder,
  shorter: number,
  cache: PictureCache | undefined,
  progress: Progress,
): Promise<{ pictures: Pictures; sets: { train: PictureSet; validation: PictureSet } }> {
  const dirs = args.dirs.length ? args.dirs.map((dir) => resolve(dir)) : (old?.train.dirs ?? []);
  const valDirs = args.val.length ? args.val.map((dir) => resolve(dir)) : (old?.validation.dirs ?? []);
  const shards = await shardPaths(dirs);
  const findings = await folder.readFindings();
  const look = async (what: string, where: readonly string[]) => {
    const found = await scan(where, {
      shorter,
      findings,
      except: [folder.path],
      decoded: (hash, picture) => cache?.offer(hash, picture),
      progress: (done, total) => progress.scanning(done, total),
    });
    const { pictures, unreadable, grey, repeated, leftOut } = found;
    const others = leftOut.size ? `; no pictures: ${leftOutText(leftOut)}` : '';
    const left = `${unreadable.length} unreadable, ${grey} grey, ${repeated} repeated${others}`;
    progress.say(`${what} ${pictures.length} pictures; left out: ${left}`);
    for (const path of unreadable.slice(0, 5)) progress.say(`         cannot be read: ${path}`);
    if (unreadable.length > 5) progress.say(`         … and ${unreadable.length - 5} more`);
    return pictures;
  };
  const packed = shards && (await findShards(shards, progress));
  const all = packed ? [] : await look('found   ', dirs);
  let pictures: Pictures;
  if (packed && valDirs.length) {
    pictures = { train: packed, validation: await look('validate', valDirs) };
  } else if (packed) {
    const { train, validation } = packed.split();
    pictures = {
      train,
      validation: await firstUsable(
        validation,
        args.runtime.valCount ?? old?.runtime.valCount ?? DEFAULTS.runtime.valCount,
      ),
    };
  } else if (valDirs.length) {
    const validation = await look('validate', valDirs);
    const kept = new Set(validation.map(({ hash }) => hash));
    pictures = { train: all.filter(({ hash }) => !kept.has(hash)), validation };
    const both = all.length - pictures.train.length;
    if (both) progress.say(`         ${both} of --val were among the others too: not trained on`);
  } else {
    pictures = { train: all.filter((file) => !isForValidation(file)), validation: all.filter(isForValidation) };
  }
  if (pictures.train.length === 0) {
    throw new FormatError({
      where: dirs.join(', '),
      expected: 'pictures to train on',
      got: 'only ones for validation',
      hint: 'add some',
    });
  }
  const sets = {
    train: packed ? { dirs, count: pictures.train.length, hash: packed.digest } : setOf(dirs, pictures.train),
    validation: setOf(valDirs, pictures.validation),
  };
  if (old && !args.allowChangedData) {
    for (const kind of ['train', 'validation'] as const) {
      const [now, then] = [sets[kind], old[kind]];
      if (now.hash === then.hash) continue;
      throw new FormatError({
        where: kind === 'train' ? 'pictures' : 'validation pictures',
        expected: `the ${then.count} of the run`,
        got: `${now.count}${now.count === then.count ? ' others' : ''}`,
        hint: 'put them back, or add --allow-changed-data',
      });
    }
  }
  if (!old) await folder.create();
  await folder.writeFindings(findings);
  return { pictures, sets };
}

/** Finds the pictures in archives. They are not looked at: that would read all of them. */
async function findShards(paths: readonly string[], progress: Progress): Promise<ShardSet> {
  const start = performance.now();
  const set = await ShardSet.find(paths, (done, total) => progress.scanning(done, total));
  const took = duration((performance.now() - start) / 1000);
  progress.say(
    `found    ${set.length} pictures in ${paths.length} archives, in ${took}; damaged and grey ones are passed over later`,
  );
  return set;
}

function setOf(dirs: readonly string[], pictures: PictureList): PictureSet {
  const hash = createHash('sha256');
  for (let i = 0; i < pictures.length; i++) hash.update(pictures.at(i)!.hash);
  return { dirs, count: pictures.length, hash: hash.digest('hex') };
}
