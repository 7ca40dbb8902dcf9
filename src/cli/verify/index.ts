/** `koalarize verify OUT`: compares an output folder with its ledger, and with what was to be colored. */
import { FormatError } from '../../runtime/errors.ts';
import { type Ledger, readLedger } from '../ledger/file.ts';
import { openLedger } from '../ledger/objects.ts';
import { runCommand } from '../shared/command.ts';
import { print, printJson, UsageError } from '../shared/messages.ts';
import { Counter } from '../shared/progress_line.ts';
import { openStore } from '../storage/open.ts';
import type { FileStore } from '../storage/store.ts';
import { type Fault, findFaults, KINDS } from './faults.ts';
import { listOutputs } from './folder.ts';
import { FORMER, HELP, OPTIONS, type Values } from './options.ts';
import { readWanted, wantedOf } from './wanted.ts';

/** What `--repair` marks to be made again. */
const MARKED: readonly Fault['kind'][] = ['damaged', 'unlisted'];

/** Runs the command. @returns the exit code: 0 where there is no fault */
export function verifyCommand(argv: string[]): Promise<number> {
  const declared = { name: 'verify', help: HELP, options: OPTIONS, former: FORMER };
  return runCommand({ ...declared, argument: 'one output folder', run }, argv);
}

async function run(given: string, values: Values): Promise<number> {
  const { input, list, repair, json } = values;
  if (input && list) throw new UsageError({ where: '--input and --list', expected: 'one of them', got: 'both' });
  // The files first: a line that comes meanwhile is of a file that is not wanted here, and a file of no line would be a fault.
  const store = await openStore(given);
  const outputs = await listOutputs(store);
  const ledger = await readLedger(store);
  if (ledger.files.length === 0) {
    throw new FormatError({
      where: given,
      expected: 'a folder with a ledger, .koalarize.jsonl',
      got: 'none',
      hint: "name the folder that 'koalarize FOLDER -o OUT' has written into",
    });
  }
  const wanted = input ? await wantedOf(input, store) : list ? await readWanted(list) : undefined;
  const progress = new Counter();
  const all = await findFaults({ store, ledger, outputs, wanted }, (done, total) =>
    progress.count('reading files', done, total),
  );
  const faults = values['accept-failed'] ? all.filter(({ kind }) => kind !== 'failed') : all;
  const repaired = repair ? await mend(store, faults, ledger) : [];
  const notes = notesOf(ledger, all.length - faults.length);
  const counts = { outputs: outputs.pictures.size, photographs: wanted?.names.size, faults: countsOf(faults) };
  if (json) printJson({ ...counts, list: faults, repaired, notes });
  else print(textOf(counts, faults, repaired, notes));
  return faults.length ? 1 : 0;
}

/** Removes temporary files, and marks what is to be made again. @returns what was done, one line each */
async function mend(store: FileStore, faults: readonly Fault[], { entries }: Ledger): Promise<string[]> {
  const done: string[] = [];
  const marked = faults.filter(({ kind }) => MARKED.includes(kind));
  for (const { path, kind } of faults) {
    if (kind !== 'leftover') continue;
    await store.remove(path);
    done.push(`removed ${path}`);
  }
  if (marked.length === 0) return done;
  const ledger = await openLedger(store);
  try {
    for (const { path, kind } of marked) {
      const input = entries.get(path)?.made?.input;
      const about = input && {
        input: { folder: input.folder, path: input.path, ...(input.page && { page: input.page }) },
      };
      await ledger.append({ result: 'redo', output: { path }, ...about, reason: `was ${kind}` });
      done.push(`marked ${path}`);
    }
  } finally {
    await ledger.close();
  }
  return done;
}

/** What is no fault, and yet worth knowing. */
function notesOf({ entries, torn }: Ledger, accepted: number): string[] {
  const lines = torn.map(({ file, line }) => `${file}, line ${line}: cut short or damaged – left out`);
  const recipes = new Set([...entries.values()].flatMap(({ made }) => (made && 'recipe' in made ? [made.recipe] : [])));
  const mixed = new Set([...recipes].map((recipe) => JSON.stringify(recipe))).size;
  return [
    ...lines,
    ...(mixed > 1 ? [`colored with ${mixed} different weights or options`] : []),
    ...(accepted ? [`${accepted} photographs could not be colored`] : []),
  ];
}

function countsOf(faults: readonly Fault[]): Partial<Record<Fault['kind'], number>> {
  const counts = KINDS.map((wanted) => [wanted, faults.filter(({ kind }) => kind === wanted).length] as const);
  return Object.fromEntries(counts.filter(([, count]) => count > 0));
}

function textOf(
  { outputs, photographs, faults: counts }: { outputs: number; photographs: number | undefined; faults: object },
  faults: readonly Fault[],
  repaired: readonly string[],
  notes: readonly string[],
): string {
  const width = Math.max(...KINDS.map((kind) => kind.length)) + 2;
  const found = Object.entries(counts).map(([kind, count]) => `${count} ${kind}`);
  const of = photographs === undefined ? '' : ` of ${photographs} photographs`;
  return [
    ...faults.map(({ kind, path, what, todo }) => `${kind.padEnd(width)}${path}: ${what} – ${todo}`),
    ...notes.map((note) => `${'note'.padEnd(width)}${note}`),
    ...repaired.map((one) => `${'repaired'.padEnd(width)}${one}`),
    `${outputs} outputs${of}: ${found.length ? found.join(', ') : 'all right'}\n`,
  ].join('\n');
}
