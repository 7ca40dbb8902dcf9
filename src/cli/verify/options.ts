/** The arguments of `koalarize verify`. */
import { flag, path, several, type ValuesOf } from '../shared/options.ts';

export const HELP = `Checks a folder of colored photographs: that nothing is missing, twice, damaged or left behind.

  koalarize verify OUT [options]

OUT is a folder that 'koalarize FOLDER -o OUT' has written into, or s3://BUCKET/PREFIX, as 'koalarize enqueue' takes it. Its ledger (OUT/.koalarize.jsonl, and one for each shard)
tells what each file was made of. Every file is read and compared with it. Printed is each fault, with the file and what to do:

  missing     a photograph without a line in the ledger, or an output that is gone
  damaged     an output that is not as it was written
  unlisted    an output of which the ledger tells nothing
  stale       an output that was made of another photograph than that of --input, or is marked to be made again
  failed      a photograph that could not be colored, and why
  twice       a photograph with two outputs
  leftover    a temporary file of a process that was killed

  --input FOLDER       what was colored: none of its photographs may be missing, none changed since. May be repeated
  --list FILE          a list of what was colored instead, one path inside the folder on each line
  --accept-failed      photographs that could not be colored are no faults
  --repair             remove temporary files, and mark in the ledger what is to be made again, so that the same call as
                       before, with --skip-existing, completes the folder. No picture is removed. Not while others write
  --json               all of it as JSON, on standard output

Examples
  koalarize verify new/ --input old/
  koalarize verify new/ --input old/ --repair; koalarize old/ -o new/ --skip-existing

Exit code: 0 all is right, 1 it is not (each fault is named), 2 wrong usage.
`;

export const OPTIONS = {
  input: several(path()),
  list: path(),
  'accept-failed': flag(),
  repair: flag(),
  json: flag(),
} as const;

/** The queue's manifest is another thing. */
export const FORMER = { manifest: 'list' } as const;

export type Values = ValuesOf<typeof OPTIONS>;
