/** Precomputation of features by several processes: each those of a shard of the pictures, into a cache that runs share. */
import { resolve } from 'node:path';
import { Gpu } from '../../../runtime/gpu.ts';
import { sourceSize } from '../../../train/data/batch.ts';
import { sayLine } from '../../shared/messages.ts';
import { scan } from '../../shared/scan.ts';
import { type Shard, shardText } from '../../shared/shard.ts';
import { tuning } from '../../shared/tune.ts';
import { split } from '../find.ts';
import { type Arguments, UsageError } from '../options.ts';
import { Progress } from '../progress.ts';
import { DEFAULTS, settingsOf } from '../settings.ts';
import { openExtractor } from './extractor.ts';

/**
 * Computes what the training with the same arguments will need of one shard. Nothing else is written: no run, and no scan.
 * Of pictures for validation all are computed, though a run may take only the first of them.
 *
 * @throws UsageError for arguments that want no extractor; as `scan` and `openExtractor`
 */
export async function computeShare(args: Arguments, shard: Shard): Promise<void> {
  const progress = new Progress();
  const settings = settingsOf(args.settings);
  const { adapter, tune } = { ...DEFAULTS.runtime, ...args.runtime };
  const gpu = await Gpu.open({
    adapter,
    precision: settings.precision,
    ...(tune && { tune: tuning() }),
    ...(args.verbose && { verbose: sayLine }),
  });
  try {
    progress.say(`device   ${gpu.name} (${gpu.source})`);
    const extractor = await openExtractor(gpu, args.extractor, undefined, settings);
    if (!extractor) throw new UsageError('--shard: expected a feature extractor, whose maps it computes, got none');
    try {
      const look = async (dirs: readonly string[]) => {
        const { pictures, unreadable, grey, repeated } = await scan(
          dirs.map((dir) => resolve(dir)),
          {
            shorter: sourceSize(settings.size, extractor.cell),
            findings: new Map(),
            shard,
            decoded: () => undefined,
            progress: (done, total) => progress.scanning(done, total),
          },
        );
        const left = `${unreadable.length} unreadable, ${grey} grey, ${repeated} repeated`;
        progress.say(`found    ${pictures.length} pictures in shard ${shardText(shard)}; left out: ${left}`);
        return pictures;
      };
      const all = await look(args.dirs);
      const pictures = split(all, args.val.length ? await look(args.val) : undefined);
      await extractor.precompute(args.runtime.embeddingCache!, pictures, settings.views, progress);
    } finally {
      await extractor.close();
    }
  } finally {
    await gpu.close();
  }
}
