/** A worker whose network costs no time, as a program: for tests that kill it. Its pictures are all of one color. */
import { setTimeout as wait } from 'node:timers/promises';
import type { Painter } from '../../../src/cli/colorize/files.ts';
import type { ColorJob } from '../../../src/cli/queue/engine.ts';
import { readBlock, readBlocks, readHead } from '../../../src/cli/queue/manifest.ts';
import { JobRunner } from '../../../src/cli/queue/run_job.ts';
import { workCommand } from '../../../src/cli/queue/work.ts';
import { FolderStore } from '../../../src/cli/storage/folder.ts';

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

/** What a program has done: photographs, when (ms since 1970), and the CPU time of the process meanwhile, from the first to the last. */
export interface StubFigures {
  readonly photographs: number;
  readonly from: number;
  readonly to: number;
  /** In ms. */
  readonly cpu: number;
}

/** Counts the photographs of a stub. */
function counted(painter: Painter) {
  const times: { readonly at: number; readonly cpu: number }[] = [];
  const chroma: Painter['chroma'] = (...argv) => {
    const { user, system } = process.cpuUsage();
    times.push({ at: Date.now(), cpu: (user + system) / 1000 });
    return painter.chroma(...argv);
  };
  const figures = (): StubFigures => {
    const [first, last] = [times[0], times.at(-1)];
    if (!first || !last) return { photographs: 0, from: Number.MAX_SAFE_INTEGER, to: 0, cpu: 0 };
    return { photographs: times.length, from: first.at, to: last.at, cpu: last.cpu - first.cpu };
  };
  return { painter: { ...painter, chroma }, figures };
}

/** All jobs of a folder's manifest, without a queue. */
async function workAlone(folder: string, open: () => Promise<Painter>): Promise<number> {
  const store = new FolderStore(folder);
  const { id, perJob } = (await readHead(store))!;
  const runner = new JobRunner(open);
  for await (const { index, at, bytes } of readBlocks(store, perJob)) {
    const lines = (await readBlock(store, { at, bytes })).map((_, i) => i);
    const data = { output: folder, manifest: id, at, bytes, lines };
    await runner.run({
      id: `${index}`,
      data,
      progress: 0,
      updateProgress: async () => undefined,
    } as unknown as ColorJob);
  }
  await runner.close();
  return 0;
}

// As a program: milliseconds a picture, then the arguments of `koalarize work`, or a folder with a manifest.
if (process.env.KOALARIZE_STUB_MS !== undefined) {
  const { painter, figures } = counted(stub(Number(process.env.KOALARIZE_STUB_MS)));
  const argv = process.argv.slice(2);
  const open = async () => painter;
  const code = argv.length === 1 ? await workAlone(argv[0]!, open) : await workCommand(argv, open);
  console.error(JSON.stringify(figures()));
  process.exit(code);
}
