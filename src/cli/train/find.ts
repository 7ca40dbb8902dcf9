/** Split of the pictures: those a run learns from, and those by which it is judged. */
import { createHash } from 'node:crypto';
import { resolve } from 'node:path';
import { FormatError } from '../../runtime/errors.ts';
import { leftOutText } from '../paths/walk.ts';
import { isForValidation, type PictureFile, type PictureList, scan } from '../shared/scan.ts';
import { ArchiveSet, archivePaths } from './archives/archive_set.ts';
import { firstUsable } from './archives/usable.ts';
import type { Arguments } from './options.ts';
import type { PictureCache, Pictures } from './pictures.ts';
import { duration, type Progress } from './progress.ts';
import type { PictureSet, RunConfig, RunFolder } from './run_folder.ts';
import { DEFAULTS } from './settings.ts';

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
  const archives = await archivePaths(dirs);
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
  const packed = archives && (await findArchives(archives, progress));
  let pictures: Pictures;
  if (packed) {
    if (valDirs.length) pictures = { train: packed, validation: await look('validate', valDirs) };
    else {
      const { train, validation } = packed.split();
      const most = args.runtime.valCount ?? old?.runtime.valCount ?? DEFAULTS.runtime.valCount;
      pictures = { train, validation: await firstUsable(validation, most) };
    }
  } else {
    const all = await look('found   ', dirs);
    const validation = valDirs.length ? await look('validate', valDirs) : undefined;
    pictures = split(all, validation);
    const both = validation ? all.length - pictures.train.length : 0;
    if (both) progress.say(`         ${both} of --val were among the others too: not trained on`);
  }
  if (pictures.train.length === 0) {
    throw new FormatError({
      where: dirs.join(', '),
      expected: 'pictures to train on',
      got: 'only ones for validation',
      hint: 'add some',
    });
  }
  // Of archives it is known by these which pictures they have; how many are judged by is up to each call.
  const packedSet = packed && { dirs, count: packed.length, hash: packed.digest };
  const sets = {
    train: packedSet ?? setOf(dirs, pictures.train),
    validation: packedSet && valDirs.length === 0 ? { ...packedSet, dirs: [] } : setOf(valDirs, pictures.validation),
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
async function findArchives(paths: readonly string[], progress: Progress): Promise<ArchiveSet> {
  const start = performance.now();
  const set = await ArchiveSet.find(paths, (done, total) => progress.scanning(done, total));
  const took = duration((performance.now() - start) / 1000);
  progress.say(
    `found    ${set.length} pictures in ${paths.length} archives, in ${took}; damaged and grey ones are passed over later`,
  );
  return set;
}

/** Those to learn from, and those to be judged by: what is named for that, else a tenth. */
export function split(all: readonly PictureFile[], validation?: readonly PictureFile[]) {
  if (!validation) {
    return { train: all.filter((file) => !isForValidation(file)), validation: all.filter(isForValidation) };
  }
  const kept = new Set(validation.map(({ hash }) => hash));
  return { train: all.filter(({ hash }) => !kept.has(hash)), validation };
}

function setOf(dirs: readonly string[], pictures: PictureList): PictureSet {
  const hash = createHash('sha256');
  for (let i = 0; i < pictures.length; i++) hash.update(pictures.at(i)!.hash);
  return { dirs, count: pictures.length, hash: hash.digest('hex') };
}
